"""States that take what a test sets for the URL of their page."""

from __future__ import annotations

from typing import Any

import reflex as rx


class Asked(rx.State, mixin=True):
    """The parameters of the URL, in front of a state."""

    asked: dict[str, str] = {}

    def _query(self) -> dict[str, str]:
        return self.asked


def asking(kind: type, **query: str) -> Any:
    """A state of a browser whose URL has these parameters."""
    made = kind(_reflex_internal_init=True)
    made.asked = query
    return made
