"""Objects that the app needs and the database lacks; the lag of a read replica."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["relation", "trigger"]
Wrong = Literal["missing", "denied", "off"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of an object: it is missing, may not be read, or is switched off."""

    kind: Kind
    name: str
    wrong: Wrong


@dataclass(frozen=True, slots=True)
class Replica:
    """A read replica: whether it receives changes, and by how many seconds it is behind.

    ``lag_s`` is None while it is unknown. Without a connection to the primary it is the age of the
    newest change, because the missing changes are unknown.
    """

    connected: bool
    lag_s: float | None
