"""Objects that the app needs and the database lacks; how far a read replica is behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["relation", "trigger"]
Wrong = Literal["missing", "denied", "off"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A missing object: a relation, the privilege to read it, or a working trigger."""

    kind: Kind
    name: str
    wrong: Wrong


@dataclass(frozen=True, slots=True)
class Replica:
    """A read replica: whether it receives changes, and for how many seconds it lacks them.

    ``lag_s`` is None while that is unknown. Without a connection it is the age of the newest
    change, because nobody can know what is missing.
    """

    connected: bool
    lag_s: float | None
