"""Who sends a request (PRD §31.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ksys_app.models.access import Role

Via = Literal["off", "local", "proxy", "oidc", "token"]
"""How somebody is known; ``off``: nobody logs in, and everybody is at the machine itself."""

VISITOR: Final = "ksys.visitor"
"""Where the scope of a request has its visitor, None for an open path that nobody is known at."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person or a program.

    Attributes:
        name: name of the user or of the token.
        role: what the visitor may do.
        via: how the visitor is known.
        key: key of the session, None without one.
    """

    name: str
    role: Role
    via: Via
    key: bytes | None = None
