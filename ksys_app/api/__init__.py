"""The read-only HTTP contract of PRD §8, with the same services as the pages."""
