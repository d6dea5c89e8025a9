"""The jobs of the database: their runs, their words, running and pruning them."""
