"""Page states: selections and short handlers; rules live in ``domain``."""
