"""The size of every answer and message counts; the log names one that is too large (PRD §8.7)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import Response
from starlette.routing import Route

from ksys_app import log, meters
from ksys_app.api.measured import Measured
from ksys_app.events.arguments import Catalogue
from ksys_app.events.gate import gated
from ksys_app.events.refusals import Refusals
from ksys_app.models.visitor import VISITOR
from ksys_app.utils import bloat
from ksys_app.utils.bloat import LIMIT, Bloat
from ksys_app.wall.identity import LOCAL

ROUTES = [
    Route("/api/v1/rows", Response),
    Route("/api/v1/rows.csv", Response),
    Route("/metrics", Response),
]


class BloatLines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("payload_bloat "):
            self.lines.append(record.getMessage())


@pytest.fixture
def bloat_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines ``payload_bloat`` of the log, with new counts."""
    own, handler, level = Bloat(), BloatLines(), log.logger.level
    monkeypatch.setattr("ksys_app.api.measured.bloat", own)
    monkeypatch.setattr("ksys_app.events.gate.bloat", own)
    log.logger.addHandler(handler)
    log.logger.setLevel(logging.INFO)
    yield handler.lines
    log.logger.removeHandler(handler)
    log.logger.setLevel(level)


def sizes(metric: Any, **labels: str) -> float:
    """The bytes counted so far."""
    (family,) = metric.collect()
    return sum(
        sample.value
        for sample in family.samples
        if sample.name.endswith("_sum") and labels.items() <= sample.labels.items()
    )


async def answer(path: str, *parts: bytes) -> None:
    """Send an answer of an endpoint through the measuring layer."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def nowhere(*_message: Any) -> None:
        return None

    measured = Measured(app, ROUTES)
    scope = {"type": "http", "method": "GET", "path": f"/base{path}", "root_path": "/base"}
    await measured(scope, nowhere, nowhere)


async def test_an_answer_over_the_limit_is_reported_with_its_size(bloat_lines: list[str]) -> None:
    before = sizes(meters.HTTP_BYTES, endpoint="/api/v1/rows")
    await answer("/api/v1/rows", b"x" * LIMIT)
    assert bloat_lines == []
    await answer("/api/v1/rows", b"x" * LIMIT, b"y")
    (line,) = bloat_lines
    assert " view=/api/v1/rows " in line
    assert f" bytes={LIMIT + 1} " in line
    assert " dur_ms=-" not in line
    assert sizes(meters.HTTP_BYTES, endpoint="/api/v1/rows") - before == 2 * LIMIT + 1


async def test_a_file_may_be_large_and_a_page_is_named_by_its_path(bloat_lines: list[str]) -> None:
    for path in ("/api/v1/rows.csv", "/metrics"):
        await answer(path, b"x" * LIMIT * 2)
    assert bloat_lines == []
    await answer("/assets/chart.js", b"x" * LIMIT * 2)
    assert " view=/assets/chart.js " in bloat_lines[0]


async def test_messages_of_a_websocket_are_weighed_both_ways(bloat_lines: list[str]) -> None:
    sent = [{"type": "websocket.send", "text": "값" * LIMIT}, {"type": "websocket.accept"}]
    received = [{"type": "websocket.receive", "text": "2probe"}, {"type": "websocket.disconnect"}]

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        for message in sent:
            await send(message)
        await receive()

    async def receive() -> Any:
        return received.pop(0)

    async def send(_message: Any) -> None:
        return None

    before = {way: sizes(meters.WEBSOCKET_BYTES, direction=way) for way in ("in", "out")}
    gate = gated(app, "/_event", lambda: Catalogue({}), Refusals())
    scope = {"type": "websocket", "query_string": b"", VISITOR: LOCAL}
    await gate(scope, receive, send)
    assert sizes(meters.WEBSOCKET_BYTES, direction="out") - before["out"] == 3 * LIMIT
    assert sizes(meters.WEBSOCKET_BYTES, direction="in") - before["in"] == len("2probe")
    (line,) = bloat_lines
    assert f" view=websocket rowcount=- dur_ms=- cache_hit=- bytes={3 * LIMIT} " in line


def test_it_is_reported_once_a_minute_for_each_place(bloat_lines: list[str]) -> None:
    now = [0.0]
    one = bloat.Bloat(clock=lambda: now[0])
    for _ in range(3):
        one.note("/a", LIMIT + 1)
    one.note("/b", LIMIT + 1)
    now[0] = 60.0
    one.note("/a", LIMIT + 1)
    assert [line.rpartition(" ")[2] for line in bloat_lines] == [
        "unlogged=0",
        "unlogged=0",
        "unlogged=2",
    ]
