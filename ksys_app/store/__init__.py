"""Every write of rows that the commands share: one statement, one function (PRD §3)."""
