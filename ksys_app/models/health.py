"""What the database lacks of what the app needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["relation", "trigger"]
Wrong = Literal["missing", "denied", "off"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What the database lacks: a relation, the right to read it, or a trigger that works."""

    kind: Kind
    name: str
    wrong: Wrong
