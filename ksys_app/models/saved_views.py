"""Saved views: a page and the selection on it, saved under a name (PRD §33.10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["saved", "conflict", "taken", "many", "many_shared"]
"""The result of a change of a view; every result except ``saved`` changed nothing."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view that somebody may open.

    Attributes:
        owner: who saved it; for a token ``token:NAME``.
        name: its name, unique among the views of its owner.
        shared: whether everybody may open it.
        path: the path of its page.
        query: the query of the address, without ``?``.
        version: counts its changes, from 1.
        created_at: when it was saved first.
        updated_at: when it was saved last.
        start: whether the visitor chose it as the start of the dashboard.
    """

    owner: str
    name: str
    shared: bool
    path: str
    query: str
    version: int
    created_at: datetime
    updated_at: datetime
    start: bool


@dataclass(frozen=True, slots=True)
class ViewOutcome:
    """The result of a change, and the version in force afterwards, 0 if there is none."""

    version: int
    outcome: Outcome
