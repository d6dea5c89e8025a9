"""Helpers that know nothing about tags or the plant."""
