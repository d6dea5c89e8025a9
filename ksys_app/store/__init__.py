"""Writes to the database; each statement has one function (PRD §3)."""
