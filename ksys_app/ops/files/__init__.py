"""Text files: characters, separators, cells, samples, and the lines that are no samples."""
