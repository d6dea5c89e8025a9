"""Backfill from files, dumps of a database, and restores."""
