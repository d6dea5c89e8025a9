"""Alarms of tags as pure functions of their samples, in the samples' own time (PRD §32.1)."""
