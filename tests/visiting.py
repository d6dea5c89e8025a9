"""The HTTP contract without the wall, as somebody at the machine itself asks it."""

from __future__ import annotations

from typing import Any

from ksys_app.models.visitor import VISITOR
from ksys_app.wall.identity import LOCAL


def at_machine(app: Any) -> Any:
    """``app``, where every request comes from the person that KSYS_AUTH=off lets in."""

    async def asked(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {VISITOR: LOCAL}, receive, send)

    return asked
