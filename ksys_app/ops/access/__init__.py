"""What the owner of the database does with users, tokens and the audit (PRD §31.4)."""
