"""Steps that fill a test database, each done once in a test run: copies are made of the result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Apply = Callable[[str], Awaitable[None]]
"""It takes the owner's DSN and changes the database."""


@dataclass(frozen=True)
class Step:
    """What is done to a database. Steps with one name do the same."""

    name: str
    apply: Apply


def named(apply: Apply) -> Step:
    """A step with the name of its function."""
    return Step(f"{apply.__module__}.{apply.__qualname__}", apply)
