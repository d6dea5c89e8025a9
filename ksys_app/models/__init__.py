"""Frozen row and view models; they import no other package of ours."""
