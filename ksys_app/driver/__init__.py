"""Connections to PostgreSQL that cannot hang, and the pool of them (PRD §6.3)."""
