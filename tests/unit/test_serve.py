"""A server that does not start gives one sentence, and the command does not wait for it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import uvicorn

from ksys_app.errors import NotStarted
from ksys_app.ops.serving.serve import _Server, running, worth_a_line


async def hangs(scope: Any, receive: Any, send: Any) -> None:
    """An app that never says that it has started."""
    await asyncio.Event().wait()


async def fails(scope: Any, receive: Any, send: Any) -> None:
    """An app that says that it cannot start."""
    await send({"type": "lifespan.startup.failed", "message": ""})


def server(app: Any) -> uvicorn.Server:
    return _Server(uvicorn.Config(app, port=0, lifespan="on", log_config=None))


async def test_an_app_that_hangs_is_given_up_with_a_sentence() -> None:
    with pytest.raises(NotStarted, match="did not start within 0 s; stop other programs"):
        async with running(server(hangs), 0.0):
            pytest.fail("it has not started")


async def test_an_app_that_cannot_start_is_not_waited_for() -> None:
    with pytest.raises(NotStarted, match="did not start; the log above says why"):
        async with running(server(fails), 240.0):
            pytest.fail("it has not started")


def test_requests_that_are_no_http_do_not_fill_the_log() -> None:
    def logged(level: int, text: str) -> int:
        record = logging.LogRecord("uvicorn.error", level, __file__, 1, text, None, None)
        return sum(worth_a_line(record) for _ in range(50))

    assert 0 < logged(logging.WARNING, "Invalid HTTP request received.") <= 20
    assert logged(logging.ERROR, "Exception in ASGI application") == 50
