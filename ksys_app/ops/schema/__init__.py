"""The schema applied, migrated and adopted, and its aggregates refreshed."""
