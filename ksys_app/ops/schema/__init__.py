"""Creates and migrates the schema, adopts the plant's own, and refreshes aggregates."""
