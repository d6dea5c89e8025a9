"""The identity provider that people log in at (PRD §31.9)."""
