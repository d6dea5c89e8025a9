"""Each request has an id, and its answer names it (PRD §7.4)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ksys_app.errors import KsysError
from ksys_app.origin import LOOPBACK, networks
from ksys_app.request_ids import with_request_ids
from ksys_app.utils import request

OWN = re.compile(r"\d{4}-\d{4}")
STARTS = {
    "http": "http.response.start",
    "websocket": "websocket.accept",
    "refused websocket": "websocket.http.response.start",
}


async def ask(
    *given: str, peer: str | None = "127.0.0.1", start: str = "http.response.start"
) -> tuple[str, list[str]]:
    """The id inside the app, and the ids in the answer."""
    inside: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        inside.append(request.current())
        await send({"type": start, "headers": [(b"server", b"x")]})
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": start.partition(".")[0],
        "client": None if peer is None else (peer, 5000),
        "headers": [(b"X-Request-Id", one.encode("latin-1")) for one in given],
    }
    await with_request_ids(app, networks(LOOPBACK))(scope, None, send)
    assert sent[0]["headers"][0] == (b"server", b"x")
    assert sent[1] == {"type": "http.response.body"}
    named = [value.decode() for name, value in sent[0]["headers"] if name == b"x-request-id"]
    return inside[0], named


@pytest.mark.parametrize("kind", STARTS)
async def test_the_log_and_the_answer_have_the_same_id(kind: str) -> None:
    first, named = await ask(start=STARTS[kind])
    second, _ = await ask(start=STARTS[kind])
    assert OWN.fullmatch(first)
    assert named == [first]
    assert first != second
    assert request.current() == "", "nothing is left behind"


async def test_the_id_of_a_trusted_proxy_is_used() -> None:
    for given in ("7", "b3c2f0f4-1f0b-4f5e-9a57-0d3f6f1d2a11", "x" * 64, "a_b.c-D"):
        assert await ask(given) == (given, [given])


@pytest.mark.parametrize(
    ("given", "peer"),
    [
        *((("abc",), peer) for peer in ("192.0.2.7", None)),
        *(
            ((bad,), "127.0.0.1")
            for bad in ("", "x" * 65, "a b", "a\nb", "é", '"', "a=b", "<script>")
        ),
        (("abc", "abd"), "127.0.0.1"),
    ],
)
async def test_no_other_id_gets_in(given: tuple[str, ...], peer: str | None) -> None:
    inside, named = await ask(*given, peer=peer)
    assert OWN.fullmatch(inside)
    assert named == [inside]


async def test_the_server_s_own_messages_pass_as_they_are() -> None:
    received: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        received.extend([scope, receive, send])

    await with_request_ids(app, ())({"type": "lifespan"}, 1, 2)
    assert received == [{"type": "lifespan"}, 1, 2]


def test_an_error_has_the_id_of_the_request_in_which_it_happened() -> None:
    with request.with_id("3f9a-12bc"):
        error = KsysError("no")
    assert error.request_id == "3f9a-12bc"
    assert KsysError("no").request_id == ""


def test_an_event_of_a_page_goes_before_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "_event", lambda: ("1111-1111", "2222-2222"))
    with request.with_id("3f9a-12bc"):
        assert (request.current(), request.cause()) == ("1111-1111", "2222-2222")


def test_an_id_can_be_read_aloud() -> None:
    assert request.id_of("3f9a12bc77de") == "7185-4814"
    assert request.id_of("0" * 12) == "0000-0000"
    assert OWN.fullmatch(request.new_id())
