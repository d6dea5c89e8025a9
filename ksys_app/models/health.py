"""Objects that the app needs and the database lacks."""

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
