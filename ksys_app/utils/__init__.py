"""Helpers without a subject of the plant's."""
