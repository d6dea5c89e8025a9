"""The edge passes requests to the app, or refuses them before the app (PRD §10)."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from ksys_app import log
from ksys_app.edge import MAX_LOGGED, behind_proxies, own_origin
from ksys_app.origin import LOOPBACK, networks

PLANT = "https://plant.example:8443"
TRUSTED = {"host": "plant.example:8443", "x-forwarded-proto": "https"}


async def ask(
    headers: dict[str, str] | list[tuple[str, str]],
    kind: str = "websocket",
    peer: str | None = "127.0.0.1",
) -> tuple[Any, list[Any]]:
    """The scope that reaches the app, None if none does, and the sent messages."""
    return await _ask(behind_proxies(_app, networks(LOOPBACK)), headers, kind, peer)


async def at(path: str, base: str = "/ksys", kind: str = "http", query: bytes = b"") -> Any:
    """The scope of a request for a path, or the answer of the edge itself."""
    edge = behind_proxies(_app, networks(LOOPBACK), base)
    sent: list[Any] = []
    scope = {"type": kind, "scheme": "http", "client": None, "headers": [(b"host", b"app")]}

    async def send(message: Any) -> None:
        sent.append(message)

    await edge(scope | {"path": path, "raw_path": path.encode(), "query_string": query}, None, send)
    return sent[0]


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await send(scope)


async def _ask(edge: Any, headers: Any, kind: str, peer: str | None) -> tuple[Any, list[Any]]:
    sent: list[Any] = []
    pairs = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "type": kind,
        "scheme": {"http": "http", "websocket": "ws"}.get(kind),
        "client": None if peer is None else (peer, 5000),
        "path": "/_event/",
        "headers": [(name.encode(), value.encode()) for name, value in pairs],
    }

    async def receive() -> dict[str, str]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await edge(scope, receive, send)
    passed = sent[0] if sent and sent[0].get("path") else None
    return passed, sent


def hosts(scope: Any) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"host"]


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
async def test_the_inside_sees_the_scheme_and_host_of_the_browser(kind: str, scheme: str) -> None:
    headers = [("Host", "app:13000"), ("accept", "a"), ("X-Forwarded-Host", "plant.example:8443")]
    passed, _ = await ask([*headers, ("X-Forwarded-Proto", "https"), ("accept", "b")], kind)
    assert passed["scheme"] == scheme
    assert hosts(passed) == [b"plant.example:8443"]
    assert [value for name, value in passed["headers"] if name == b"accept"] == [b"a", b"b"]
    assert passed["path"] == "/_event/"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.7", None])
async def test_no_claim_gets_inside(kind: str, peer: str | None) -> None:
    claims = ["Forwarded", "x-forwarded-host", "X-Forwarded-Proto", "x-forwarded-port"]
    passed, _ = await ask({"host": "app", **dict.fromkeys(claims, "proto=https")}, kind, peer)
    assert passed["scheme"] in ("http", "ws")
    assert {name.lower() for name, _ in passed["headers"]} == {b"host"}


async def test_what_a_stranger_claims_does_not_count() -> None:
    claim = {"host": "plant.example:13000", "x-forwarded-host": "evil.example"}
    passed, _ = await ask(claim | {"x-forwarded-proto": "https"}, "http", "192.0.2.7")
    assert (passed["scheme"], hosts(passed)) == ("http", [b"plant.example:13000"])
    for page in ("http://evil.example", "https://evil.example"):
        passed, sent = await ask(claim | {"origin": page}, peer="192.0.2.7")
        assert passed is None
        assert sent[0]["status"] == 403


async def test_a_foreign_page_is_refused_with_the_reason() -> None:
    passed, (start, body) = await ask(TRUSTED | {"origin": "https://evil.example"})
    assert passed is None
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    error = json.loads(body["body"])["error"]
    assert error["code"] == "FORBIDDEN"
    assert "https://evil.example" in error["message"]
    assert PLANT in error["message"]


async def test_the_own_page_and_who_is_no_page_get_the_websocket() -> None:
    for origin in ({"origin": PLANT}, {}):
        passed, _ = await ask(TRUSTED | origin)
        assert passed is not None


async def test_two_origins_in_one_request_are_no_origin() -> None:
    passed, _ = await ask([*TRUSTED.items(), ("origin", PLANT), ("origin", PLANT)])
    assert passed is None


async def test_a_file_is_for_every_page_as_before() -> None:
    passed, _ = await ask(TRUSTED | {"origin": "https://evil.example"}, "http")
    assert passed is not None


async def test_a_request_without_a_host_keeps_what_it_has() -> None:
    passed, _ = await ask({"x-forwarded-proto": "https", "accept": "a"}, "http")
    assert (passed["scheme"], passed["headers"]) == ("http", [(b"accept", b"a")])


async def test_the_lifespan_passes_as_it_is() -> None:
    passed, _ = await ask(TRUSTED, "lifespan")
    assert passed["headers"] == [(k.encode(), v.encode()) for k, v in TRUSTED.items()]


async def test_each_pair_is_logged_once_and_the_log_cannot_be_filled(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log.logger, "propagate", True)
    caplog.set_level(logging.INFO, logger=log.logger.name)
    edge = behind_proxies(_app, networks(LOOPBACK))
    for _ in range(3):
        await _ask(edge, TRUSTED | {"origin": "https://evil.example"}, "websocket", "127.0.0.1")

    def refusals() -> list[logging.LogRecord]:
        return [record for record in caplog.records if "ws_refused" in record.message]

    (record,) = refusals()
    assert record.levelname == "WARNING"
    assert f"origin=https://evil.example served={PLANT} peer=127.0.0.1" in record.message
    for number in range(100):
        page = {"origin": f"https://evil.example:{number + 1}" + "x" * 1000}
        await _ask(edge, TRUSTED | page, "websocket", "127.0.0.1")
    assert len(refusals()) == MAX_LOGGED
    assert max(len(record.message) for record in refusals()) < 500


@pytest.mark.parametrize(
    ("page", "allowed"),
    [(PLANT, True), ("http://plant.example:8443", False), ("https://plant.example", False)],
)
async def test_the_websocket_s_own_check_agrees(page: str, allowed: bool) -> None:
    passed, _ = await ask(TRUSTED)
    environ = {"asgi.scope": passed, "HTTP_HOST": hosts(passed)[0].decode()}
    assert own_origin(page, environ) is allowed
    assert not own_origin(page, {"asgi.scope": passed})
    assert not own_origin(None, environ), "as engineio asks for a request without the header"


class TestUnderABasePath:
    @pytest.mark.parametrize("kind", ["http", "websocket"])
    @pytest.mark.parametrize(
        "path", ["/", "/trend", "/_event/", "/api/v1/tags", "/ksysx", "/x/ksys/"]
    )
    async def test_a_proxy_may_keep_it_or_take_it_away(self, kind: str, path: str) -> None:
        with_base, without_base = [await at(sent, kind=kind) for sent in (f"/ksys{path}", path)]
        assert with_base == without_base
        assert (with_base["path"], with_base["raw_path"]) == (
            f"/ksys{path}",
            f"/ksys{path}".encode(),
        )
        assert with_base["root_path"] == "/ksys"

    @pytest.mark.parametrize("path", ["/", "/trend", "/ksys", "/ksys/"])
    async def test_at_the_root_a_path_is_what_it_is(self, path: str) -> None:
        passed = await at(path, base="")
        assert (passed["path"], passed["raw_path"]) == (path, path.encode())
        assert passed["root_path"] == ""

    async def test_the_path_itself_leads_to_the_first_page_at_whatever_origin(self) -> None:
        answer = await at("/ksys", query=b"window=24h")
        assert answer["status"] == 308
        assert dict(answer["headers"])[b"location"] == b"/ksys/?window=24h"
        assert dict((await at("/ksys"))["headers"])[b"location"] == b"/ksys/"
