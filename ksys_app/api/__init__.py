"""The read-only HTTP contract of PRD §8, over the same queries and rules as the pages."""
