"""The HTTP contract without the wall, for a person at the machine itself."""

from __future__ import annotations

from typing import Any

from ksys_app.models.visitor import VISITOR
from ksys_app.wall.identity import LOCAL


def at_machine(app: Any) -> Any:
    """``app``, where every request comes from the person that KSYS_AUTH=off lets in."""

    async def with_visitor(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {VISITOR: LOCAL}, receive, send)

    return with_visitor
