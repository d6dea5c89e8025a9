"""Frozen row and view models; they import nothing of ours."""
