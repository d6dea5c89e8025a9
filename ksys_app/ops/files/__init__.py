"""Reads text files: encodings, separators, cells, samples, and lines without a sample."""
