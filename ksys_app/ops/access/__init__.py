"""Management of users, tokens and the audit by the owner of the database (PRD §31.4)."""
