"""Calculated tags: a small language over tags, parsed and evaluated here (PRD §33.4)."""
