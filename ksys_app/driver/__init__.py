"""Connections to PostgreSQL that never hang, and their pool (PRD §6.3)."""
