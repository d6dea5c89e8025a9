"""Steps that fill a test database, each done once in a test run: copies are made of the result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Apply = Callable[[str], Awaitable[None]]
"""A function that takes the owner's DSN and changes the database."""


@dataclass(frozen=True)
class Step:
    """A change of a database. Steps with the same name make the same change."""

    name: str
    apply: Apply


def named(apply: Apply) -> Step:
    """A step with the name of its function."""
    return Step(f"{apply.__module__}.{apply.__qualname__}", apply)
