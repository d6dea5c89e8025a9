"""States of a page whose URL parameters a test sets."""

from __future__ import annotations

from typing import Any

import reflex as rx


class WithQuery(rx.State, mixin=True):
    """Replaces the URL parameters of a state; put it before the state."""

    query_parameters: dict[str, str] = {}

    def _query(self) -> dict[str, str]:
        return self.query_parameters


def with_query(kind: type, **query: str) -> Any:
    """A new state of ``kind`` whose page has these URL parameters."""
    state = kind(_reflex_internal_init=True)
    state.query_parameters = query
    return state
