"""The alarm worker: judges new samples and writes journal, state and cursors (PRD §32.4)."""
