"""The jobs of the database: runs them, prunes their logs, and describes them in sentences."""
