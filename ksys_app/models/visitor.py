"""The sender of a request (PRD §31.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ksys_app.models.access import Role

Via = Literal["off", "local", "proxy", "oidc", "token"]
"""How a visitor was identified; ``off``: there is no login, and visitors use the machine itself."""

VISITOR: Final = "ksys.visitor"
"""The key of the visitor in the scope of a request; None for an anonymous request to an open path.
"""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person or a program.

    Attributes:
        name: name of the user or of the token.
        role: what the visitor may do.
        via: how the visitor was identified.
        key: key of the session, None without one.
    """

    name: str
    role: Role
    via: Via
    key: bytes | None = None
