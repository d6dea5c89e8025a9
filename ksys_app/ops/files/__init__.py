"""Reads text files: encodings, separators, cells, samples, and lines that hold no sample."""
