"""Writes that several commands share: each statement has one function (PRD §3)."""
