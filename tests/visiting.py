"""The HTTP contract without the wall, for a person at the machine itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import FastAPI

from ksys_app.api.app import create_api
from ksys_app.models.visitor import VISITOR
from ksys_app.wall.identity import LOCAL


def at_machine(app: Any) -> Any:
    """``app``, where every request comes from the person that KSYS_AUTH=off lets in."""

    async def with_visitor(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {VISITOR: LOCAL}, receive, send)

    return with_visitor


@cache
def contract_api() -> FastAPI:
    """The HTTP contract, one for all tests of a process.

    At its first request it prepares all routes, which takes longer than most tests.
    """
    return create_api()
