"""The wall: the role that each request needs, the origin of its page, and its refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ksys_app.api.error_page import error_page
from ksys_app.edge import TRUSTED, behind_proxies
from ksys_app.errors import DatabaseUnreachable, RateLimited
from ksys_app.models.access import Role
from ksys_app.models.visitor import VISITOR, Via, Visitor
from ksys_app.origin import LOOPBACK, MAX_ADDRESS, client_of, is_loopback, networks, parse
from ksys_app.wall import cookies, rules
from ksys_app.wall.answers import bounded
from ksys_app.wall.identity import LOCAL, MOST_STARTED, NOBODY, Local, Proxied
from ksys_app.wall.limits import (
    OPENED,
    OPENED_S,
    PAGES,
    SPAN_S,
    Crowd,
    Limits,
    client_of as counted,
)
from ksys_app.wall.sockets import ENDED, FLOODS
from ksys_app.wall.wall import walled
from tests import permissions

OWN = parse("https://plant.example")
LIMITS = Limits(requests=1000, websockets=3, messages=5, body_bytes=1000)


def stopped() -> float:
    """A clock that stands still: on a busy machine, the span of a limit could end."""
    return 0.0


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/", "viewer"),
        ("GET", "/api/v1/kpi", "viewer"),
        ("GET", "/metrics", "viewer"),
        ("GET", "/_health", "viewer"),
        ("GET", "/assets/index.js", "viewer"),
        ("GET", "/ping", None),
        ("GET", "/readyz", None),
        ("GET", "/login", None),
        ("POST", "/login", None),
        ("GET", "/login/oidc", None),
        ("GET", "/login/callback", None),
        ("GET", "/login/other", "viewer"),
        ("POST", "/api/v1/login", None),
        ("GET", "/login/", "viewer"),
        ("GET", "/login/../api/v1/kpi", "viewer"),
        ("GET", "//login", "viewer"),
        ("POST", "/api/v1/logout", "viewer"),
        ("GET", "/api/v1/admin/audit", "admin"),
        ("POST", "/api/v1/admin/sessions/0123456789ab/revoke", "admin"),
        ("PUT", "/api/v1/rules/D100", "engineer"),
        ("PUT", "/api/v1/rules", "admin"),
        ("DELETE", "/api/v1/rules/D100", "admin"),
        ("POST", "/api/v1/rules/rollback", "engineer"),
        ("POST", "/_upload", "admin"),
        ("DELETE", "/api/v1/tags", "admin"),
        ("BREW", "/api/v1/tags", "admin"),
    ],
)
def test_a_request_needs_a_role(method: str, path: str, role: Role | None) -> None:
    assert rules.needed(method, path) == role


@pytest.mark.parametrize(
    ("method", "page", "site", "passes"),
    [
        ("POST", "https://plant.example", "same-origin", True),
        ("POST", "https://plant.example:443", None, True),
        ("POST", "https://plant.example", "same-site", False),
        ("POST", "https://plant.example", "none", False),
        ("POST", "https://plant.example", "cross-site", False),
        ("POST", "http://plant.example", "same-origin", False),
        ("POST", "https://plant.example.evil", None, False),
        ("POST", "null", None, False),
        ("POST", None, None, False),
        ("GET", "https://evil.example", "cross-site", True),
    ],
)
def test_only_the_own_page_changes_something(
    method: str, page: str | None, site: str | None, passes: bool
) -> None:
    assert (rules.foreign(method, page, OWN, site) is None) is passes


def test_a_cookie_is_bound_to_the_host_over_tls_and_to_the_base_path() -> None:
    secret = "A" * 43
    assert cookies.set_cookie(secret, secure=True, base="") == (
        f"__Host-ksys={secret}; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax; Secure"
    )
    assert cookies.cookie_name(secure=False, base="/plant/1") == "ksys-plant-1"
    assert "Secure" not in cookies.set_cookie(secret, secure=False, base="")
    assert "Max-Age=0;" in cookies.drop_cookie(secure=True, base="")


@given(st.text(), st.text())
def test_no_cookie_of_others_hides_ours(before: str, after: str) -> None:
    secret = "s" * 43
    sent = f"a={before}; ksys={secret}; b={after}".encode("utf-8", "replace")
    if ";" not in before + after and "ksys=" not in before + after:
        assert cookies.read_secret([(b"Cookie", sent)], "ksys") == secret


@pytest.mark.parametrize("value", ["", "short", "s" * 44, "s" * 42 + "=", "../" + "s" * 40])
def test_what_is_no_secret_is_no_cookie(value: str) -> None:
    assert cookies.read_secret([(b"cookie", f"ksys={value}".encode())], "ksys") is None


@pytest.mark.parametrize(
    ("forwarded", "peer", "client"),
    [
        ("", "10.0.0.9", "10.0.0.9"),
        ("1.2.3.4", "10.0.0.9", "10.0.0.9"),
        ("1.2.3.4", "127.0.0.1", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "127.0.0.1", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 127.0.0.1", "127.0.0.1", "1.2.3.4"),
        ("nonsense", "127.0.0.1", "127.0.0.1"),
        ("1.2.3.4", None, ""),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(
    forwarded: str, peer: str | None, client: str
) -> None:
    assert client_of(forwarded, peer, networks("127.0.0.0/8")) == client


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


class Watch:
    """Sessions of a test; ``ended`` ends them all."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.noted: list[tuple[str, Role, str]] = []

    @asynccontextmanager
    async def watching(self, _key: bytes) -> AsyncIterator[asyncio.Event]:
        yield self.ended

    async def record_refusal(
        self, visitor: Visitor, needed: Role, path: str, _address: str
    ) -> None:
        self.noted.append((visitor.name, needed, path))


class As:
    """Everybody is this visitor."""

    def __init__(self, visitor: Visitor | None, error: Exception | None = None) -> None:
        self.visitor, self.error, self.access = visitor, error, Watch()

    async def of(self, _scope: Any, fresh: Callable[[], None]) -> tuple[Visitor | None, list[Any]]:
        if self.error is not None:
            raise self.error
        if self.visitor is None:
            fresh()
        return self.visitor, []


async def answer_of(identity: Any, path: str, kind: str = "http", **more: Any) -> dict[str, Any]:
    """The answer of an app behind the wall: status, headers, body; and the visitor it saw."""
    answer: dict[str, Any] = {"visitor": "not asked", "query": None}

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        answer.update(visitor=scope[VISITOR], query=scope.get("query_string"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        answer.update(message)

    headers = [(name.encode(), value.encode()) for name, value in more.pop("headers", {}).items()]
    scope = {"type": kind, "path": path, "method": "GET", "scheme": "http", "headers": headers}
    crowd = more.pop("crowd", None) or Crowd(LIMITS, stopped)
    page = more.pop("error_page", None)
    await walled(app, lambda: identity, crowd, page)(scope | more, receive, send)
    return answer


HTML = {"accept": "text/html,application/xhtml+xml"}
VIEWER = Visitor("ann", "viewer", "local", b"k")
TOKEN = Visitor("prometheus", "viewer", "token")


@pytest.mark.parametrize("path", ["/", "/api/v1/kpi", "/metrics", "/_upload", "/assets/a.js"])
async def test_nobody_reaches_anything(path: str) -> None:
    answer = await answer_of(As(None), path)
    assert answer["visitor"] == "not asked"
    assert answer["status"] == 401
    assert (b"www-authenticate", b'Bearer realm="ksys"') in answer["headers"]
    assert json.loads(answer["body"])["error"]["code"] == "AUTH_REQUIRED"


async def test_nobody_who_wants_a_page_is_led_to_the_login_and_back() -> None:
    answer = await answer_of(
        As(None),
        "/ksys/trend",
        headers=HTML,
        query_string=b"tag=D100&window=24h",
        root_path="/ksys",
    )
    assert answer["status"] == 303
    assert dict(answer["headers"])[b"location"] == (
        b"/ksys/login?next=%2Fksys%2Ftrend%3Ftag%3DD100%26window%3D24h"
    )


async def test_whom_the_list_of_users_does_not_have_reads_that_on_a_page() -> None:
    class Strangers(People):
        async def begin(self, user: str, *_: object) -> None:
            return None

    stranger = Proxied(Strangers(), "X-Forwarded-User")
    named: dict[str, Any] = {"headers": HTML | {"x-forwarded-user": "kim"}, TRUSTED: True}
    assert (await answer_of(stranger, "/", **named))["status"] == 303
    assert (await answer_of(stranger, "/login", **named))["visitor"] is None
    named["headers"] = {"x-forwarded-user": "kim"}
    answer = await answer_of(stranger, "/api/v1/kpi", **named)
    assert (answer["status"], b"kim is not a user" in answer["body"]) == (401, True)


@pytest.mark.parametrize("via", ["local", "oidc"])
async def test_a_session_counts_as_long_as_people_log_in_in_that_way(via: Via) -> None:
    secret = b"ann".hex().ljust(43, "x")
    cookie = {"headers": {"cookie": f"ksys={secret}"}}
    identity = Local(People(via), via)
    assert (await answer_of(identity, "/", **cookie))["visitor"].name == "ann"
    assert (await answer_of(Local(People(via), "local"), "/", **cookie))["status"] == (
        200 if via == "local" else 401
    )


async def test_nobody_gets_a_websocket() -> None:
    answer = await answer_of(As(None), "/_event/", "websocket")
    assert (answer["visitor"], answer["status"]) == ("not asked", 401)


@pytest.mark.parametrize("path", ["/ping", "/readyz", "/login"])
async def test_an_open_path_is_answered_for_nobody_and_while_the_database_is_away(
    path: str,
) -> None:
    away = As(None, DatabaseUnreachable("eco_op @ 10.0.0.5:5432/plant does not answer"))
    assert (await answer_of(As(None), path))["visitor"] is None
    assert (await answer_of(away, path))["visitor"] is None
    answer = await answer_of(away, "/")
    assert answer["status"] == 503
    assert b"10.0.0.5" not in answer["body"]


async def test_a_role_that_does_not_suffice_is_refused_and_recorded() -> None:
    identity = As(VIEWER)
    answer = await answer_of(identity, "/api/v1/admin/audit")
    assert answer["status"] == 403
    assert json.loads(answer["body"])["error"]["message"] == (
        "ann has the role viewer, and this needs the role admin"
    )
    assert identity.access.noted == [("ann", "admin", "/api/v1/admin/audit")]


async def test_a_token_reads_the_api_and_no_page() -> None:
    assert (await answer_of(As(TOKEN), "/api/v1/kpi"))["visitor"] == TOKEN
    assert (await answer_of(As(TOKEN), "/metrics"))["visitor"] == TOKEN
    assert (await answer_of(As(TOKEN), "/"))["status"] == 401
    assert (await answer_of(As(TOKEN), "/_event/", "websocket"))["status"] == 401


async def test_a_change_needs_the_own_page_but_not_from_a_token() -> None:
    host = {"host": "localhost:13000"}
    own = host | {"origin": "http://localhost:13000", "sec-fetch-site": "same-origin"}
    logout = {"method": "POST", "scheme": "http"}
    assert (await answer_of(As(VIEWER), "/api/v1/logout", headers=own, **logout))["status"] == 200
    foreign = own | {"origin": "http://localhost:14000"}
    for headers in (host, foreign):
        answer = await answer_of(As(VIEWER), "/api/v1/logout", headers=headers, **logout)
        assert answer["status"] == 403
    assert (await answer_of(As(TOKEN), "/api/v1/logout", headers=host, **logout))["status"] == 200


async def test_the_same_tab_of_two_people_has_two_names_and_keeps_its_own() -> None:
    tab = {"query_string": b"token=0f5b2e70-1111-2222-3333-444455556666&EIO=4"}
    first, second = [
        (
            await answer_of(
                As(Visitor(name, "viewer", "local", b"k")), "/_event/", "websocket", **tab
            )
        )["query"]
        for name in ("ann", "bob")
    ]
    assert first != second
    again = await answer_of(
        As(Visitor("ann", "viewer", "local", b"x")), "/_event/", "websocket", **tab
    )
    assert again["query"] == first
    assert first.endswith(b"&EIO=4")


async def test_a_websocket_is_closed_when_its_session_ends() -> None:
    identity, sent, got = As(VIEWER), [], []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        got.append(await receive())
        identity.access.ended.set()
        got.append(await receive())
        await send({"type": "websocket.send", "text": "late"})

    messages = [{"type": "websocket.connect"}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_event/", "headers": [], "query_string": b""}
    await walled(app, lambda: identity, Crowd(LIMITS, stopped))(scope, receive, send)
    assert [message["type"] for message in got] == ["websocket.connect", "websocket.disconnect"]
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", ENDED)]


class People:
    """Sessions in memory: every secret is of the person who began with it."""

    def __init__(self, via: Via = "proxy") -> None:
        self.begun: list[str] = []
        self.via = via
        self.ended: set[bytes] = set()

    async def begin(self, user: str, *_: object) -> str:
        await asyncio.sleep(0)  # as a query
        self.begun.append(user)
        return user.encode().hex().ljust(43, "x")

    async def by_cookie(self, secret: str, *_: object) -> Visitor:
        name = bytes.fromhex(secret.rstrip("x")).decode()
        return Visitor(name, "viewer", self.via, secret.encode())

    async def by_key(self, key: bytes, *_: object) -> Visitor | None:
        return None if key in self.ended else await self.by_cookie(key.decode())

    async def by_token(self, *_: object) -> None:
        return None


@pytest.mark.parametrize(
    ("names", "trusted", "known"),
    [
        (["ann"], True, "ann"),
        (["김"], True, "김"),
        (["ann"], False, None),
        ([], True, None),
        # A proxy that adds its header and keeps the one of the browser.
        (["adam", "ann"], True, None),
    ],
)
async def test_a_proxy_names_one_person(names: list[str], trusted: bool, known: str | None) -> None:
    headers = [(b"x-forwarded-user", name.encode()) for name in names]
    scope = {"type": "http", "scheme": "https", "headers": headers, TRUSTED: trusted}
    visitor, _ = await Proxied(People(), "X-Forwarded-User").of(scope, lambda: None)
    assert (visitor and visitor.name) == known


@pytest.mark.parametrize(
    ("bearer", "known", "begun"),
    [
        # The provider's token, which some proxies pass on, is no token of the product.
        ("eyJhbGciOi", "ann", 0),
        ("ksys_expired", None, 0),
    ],
)
async def test_a_person_behind_a_proxy_keeps_the_session(
    bearer: str, known: str | None, begun: int
) -> None:
    people = People()
    headers = {
        "x-forwarded-user": "Ann",
        "cookie": f"__Host-ksys={await people.begin('ann')}",
        "authorization": f"Bearer {bearer}",
    }
    people.begun.clear()
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "scheme": "https", "headers": sent, TRUSTED: True}
    visitor, _ = await Proxied(people, "X-Forwarded-User").of(scope, lambda: None)
    assert (visitor and visitor.name, len(people.begun)) == (known, begun)


async def test_who_keeps_no_cookie_has_one_session_for_each_name_address_and_agent() -> None:
    people = People()
    proxied = Proxied(people, "X-Forwarded-User")

    async def asks(name: str, address: str, agent: str, cookie: str = "") -> str:
        headers = {"x-forwarded-user": name, "user-agent": agent, "cookie": cookie}
        sent = [(key.encode(), value.encode()) for key, value in headers.items()]
        scope = {"type": "http", "headers": sent, "client": (address, 1), TRUSTED: True}
        visitor, _ = await proxied.of(scope, lambda: None)
        assert visitor is not None
        return visitor.name

    every = await asyncio.gather(*(asks("ann", "10.0.0.1", "curl/8") for _ in range(20)))
    assert (set(every), people.begun) == ({"ann"}, ["ann"])
    for who in (("bob", "10.0.0.1", "curl/8"), ("ann", "10.0.0.2", "curl/8")):
        await asks(*who)
    await asks("ann", "10.0.0.1", "wget/1")
    await asks("Ann", "10.0.0.1", "curl/8")
    assert len(people.begun) == 4
    people.ended.add(b"ann".hex().ljust(43, "x").encode())
    await asks("ann", "10.0.0.1", "curl/8")
    assert len(people.begun) == 5
    # The browser of somebody else gets a session of its own, which ends the one that it had.
    await asks("bob", "10.0.0.1", "curl/8", f"ksys={await people.begin('ann')}")
    assert people.begun[5:] == ["ann", "bob"]


async def test_so_many_clients_without_a_cookie_are_remembered() -> None:
    people = People()
    proxied = Proxied(people, "X-Forwarded-User")
    for agent in range(MOST_STARTED + 5):
        sent = [(b"x-forwarded-user", b"ann"), (b"user-agent", str(agent).encode())]
        await proxied.of({"type": "http", "headers": sent, TRUSTED: True}, lambda: None)
    assert len(proxied._started) == MOST_STARTED


class Programs:
    """One known token, and the recorded uses of it without TLS."""

    def __init__(self) -> None:
        self.in_plain: list[tuple[str, str]] = []

    async def by_token(self, secret: str, *_: object) -> Visitor | None:
        return TOKEN if secret == "ksys_known" else None

    async def record_token_in_plain(self, program: Visitor, address: str) -> None:
        self.in_plain.append((program.name, address))


@pytest.mark.parametrize(
    ("address", "scheme", "secret", "status", "noted"),
    [
        ("10.0.0.7", "https", "ksys_known", 200, False),
        ("127.0.0.1", "http", "ksys_known", 200, False),
        ("::1", "http", "ksys_known", 200, False),
        ("10.0.0.7", "http", "ksys_known", 403, True),
        ("10.0.0.7", "http", "ksys_other", 403, False),
    ],
)
async def test_a_token_that_others_can_read_on_its_way_is_refused_and_recorded(
    address: str, scheme: str, secret: str, status: int, noted: bool
) -> None:
    programs = Programs()
    headers = {"authorization": f"Bearer {secret}", "host": "localhost"}
    answer = await answer_of(
        Local(programs), "/metrics", headers=headers, client=(address, 40000), scheme=scheme
    )
    assert answer["status"] == status
    assert programs.in_plain == ([("prometheus", address)] if noted else [])
    assert secret.encode() not in answer["body"]


@pytest.mark.parametrize(
    ("language", "reason"),
    [("en-GB,ko;q=0.5", "KSYS_AUTH is off"), ("ko-KR", "KSYS_AUTH가 off")],
)
async def test_a_browser_that_is_turned_away_reads_why_in_its_language(
    language: str, reason: str
) -> None:
    headers = HTML | {"host": "plant.example", "accept-language": language}
    answer = await answer_of(NOBODY, "/", headers=headers, error_page=error_page)
    sent = dict(answer["headers"])
    assert (answer["status"], sent[b"content-type"]) == (403, b"text/html; charset=utf-8")
    assert reason in answer["body"].decode()
    assert b"default-src 'none'" in sent[b"content-security-policy"]
    data = await answer_of(NOBODY, "/", headers={"host": "plant.example"}, error_page=error_page)
    assert json.loads(data["body"])["error"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("method", permissions.METHODS)
@pytest.mark.parametrize(
    "path",
    sorted(
        {
            *(*permissions.OTHER_PATHS, "/metrics", "/readyz", "/api/v1/kpi", "/api/v1/alarms"),
            *(path for _, path in rules.CHANGES),
        }
    ),
)
def test_the_rules_are_the_table_of_the_prd(method: str, path: str) -> None:
    assert rules.needed(method, path) == permissions.needed(method, path)


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:13000", 200), ("10.0.0.5:13000", 403), ("plant.example", 403)]
)
async def test_without_logins_only_this_machine_is_answered(host: str, status: int) -> None:
    assert (await answer_of(NOBODY, "/", headers={"host": host}))["status"] == status


async def test_a_page_of_another_site_is_no_person_at_this_machine() -> None:
    """A site can let its name lead to this machine, and its page can send X-Forwarded-Host."""
    answers: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    async def send(message: Any) -> None:
        answers.append(message.get("status"))

    async def status(host: bytes, *more: tuple[bytes, bytes]) -> int:
        answers.clear()
        scope = {"type": "http", "method": "GET", "path": "/api/v1/tags", "scheme": "http"}
        scope |= {"headers": [(b"host", host), *more], "client": ("127.0.0.1", 40000)}
        wall = walled(app, lambda: NOBODY, Crowd(LIMITS))
        await behind_proxies(wall, networks(LOOPBACK))(scope, asyncio.Event().wait, send)
        return int(answers[0])

    local = b"localhost:13000"
    assert await status(local) == 200
    assert await status(b"evil.example:13000", (b"x-forwarded-host", local)) == 403
    assert await status(b"evil.example:13000", (b"forwarded", b"host=localhost")) == 403
    assert await status(local, (b"x-forwarded-for", b"10.0.0.7")) == 403
    assert await status(local, (b"x-forwarded-for", b"127.0.0.1")) == 200


async def test_who_is_not_logged_in_costs_no_more_queries_than_the_limit_allows() -> None:
    crowd = Crowd(Limits(requests=3, websockets=1, messages=1), stopped)
    client = {"client": ("10.0.0.7", 40000), "crowd": crowd}
    paths = ("/", "/assets/a.js", "/trend", "/")
    statuses = [(await answer_of(As(None), path, **client))["status"] for path in paths]
    assert statuses == [401, 401, 401, 429]
    assert (await answer_of(As(None), "/_event/", "websocket", **client))["status"] == 429
    assert (await answer_of(As(None), "/login", method="POST", **client))["status"] == 429
    # Somebody who is logged in at the same address does not notice it.
    assert (await answer_of(As(VIEWER), "/api/v1/kpi", **client))["status"] == 200


async def test_a_page_that_floods_is_closed_and_the_others_stay() -> None:
    identity, sent, got = As(VIEWER), [], []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            got.append(message)

    async def receive() -> Any:
        return {"type": "websocket.receive", "text": "42"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_event/", "headers": [], "query_string": b""}
    await walled(app, lambda: identity, Crowd(LIMITS, stopped))(scope, receive, send)
    assert len(got) == LIMITS.messages
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", FLOODS)]


async def test_a_session_that_ends_at_once_closes_what_has_been_accepted() -> None:
    identity, sent, got = As(VIEWER), [], []
    identity.access.ended.set()
    messages = [{"type": "websocket.connect"}]

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        got.append((await receive())["type"])
        await send({"type": "websocket.accept"})
        got.append((await receive())["type"])

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/_event/", "headers": [], "query_string": b""}
    await walled(app, lambda: identity, Crowd(LIMITS, stopped))(scope, receive, send)
    assert got == ["websocket.connect", "websocket.disconnect"]
    assert sent == ["websocket.accept", "websocket.close"]


def test_each_client_has_its_own_limits() -> None:
    now = [0.0]
    crowd = Crowd(LIMITS, clock=lambda: now[0])
    ann, address = counted(VIEWER, "10.0.0.5"), counted(None, "10.0.0.5")
    for _ in range(LIMITS.requests):
        crowd.request(ann, "/api/v1/kpi")
    with pytest.raises(RateLimited, match="more than 1000 requests in 10 s"):
        crowd.request(ann, "/api/v1/kpi")
    crowd.request(ann, "/assets/index.js")
    crowd.request(address, "/api/v1/kpi")
    crowd.request(counted(Visitor("bob", "viewer", "local", b"b"), ""), "/api/v1/kpi")
    now[0] = 10.0
    crowd.request(ann, "/api/v1/kpi")
    assert counted(LOCAL, "127.0.0.1") is None
    assert counted(None, "2001:db8::1") == counted(None, "2001:db8::ffff:2") != address


def test_open_pages_are_counted_while_they_are_open() -> None:
    crowd = Crowd(LIMITS, stopped)
    with crowd.socket("a"), crowd.socket("a"), crowd.socket("b"):
        with crowd.socket("a"), pytest.raises(RateLimited, match="3 open pages"), crowd.socket("a"):
            pass
        with crowd.socket("a"):
            pass


def test_who_opens_pages_and_closes_them_again_fills_no_memory() -> None:
    """Each page has a state, which stays for a while after the page was closed."""
    now = [0.0]
    crowd = Crowd(LIMITS, clock=lambda: now[0])
    for _ in range(OPENED * LIMITS.websockets):
        with crowd.socket("a"):
            pass
    with pytest.raises(RateLimited), crowd.socket("a"):
        pass
    with crowd.socket("b"):
        now[0] = OPENED_S
        with crowd.socket("a"):
            pass


def test_who_floods_from_many_pages_or_one_after_the_other_is_stopped_too() -> None:
    now = [0.0]
    crowd = Crowd(LIMITS, clock=lambda: now[0])
    passed = 0
    for _ in range(PAGES):
        with crowd.socket("a") as passes:
            assert passes is not None
            passed += sum(passes() for _ in range(100))
    assert passed == PAGES * LIMITS.messages
    with pytest.raises(RateLimited), crowd.socket("a"):
        pass
    with crowd.socket("b") as passes:
        assert passes is not None
        assert passes(), "nobody else is stopped"
    now[0] = SPAN_S
    with crowd.socket("a") as passes:
        assert passes is not None
        assert passes()


async def test_a_request_that_is_too_long_is_refused() -> None:
    answer = await answer_of(
        As(VIEWER), "/login", method="POST", headers={"content-length": "1001"}
    )
    assert (answer["status"], answer["visitor"]) == (413, "not asked")


async def test_an_address_that_is_too_long_is_refused_before_anybody_is_looked_up() -> None:
    nobody_asked = As(None, AssertionError("looked up"))
    path = "/api/v1/kpi"
    fits = MAX_ADDRESS - len(path) - 1
    viewer = await answer_of(As(VIEWER), path, query_string=b"x" * fits)
    assert viewer["status"] == 200
    answer = await answer_of(nobody_asked, path, query_string=b"x" * (fits + 1))
    assert (answer["status"], json.loads(answer["body"])["error"]["code"]) == (414, "ADDRESS_LONG")
    encoded = {"raw_path": b"/" + b"%EA%B0%80" * (MAX_ADDRESS // 9)}
    assert (await answer_of(nobody_asked, "/가", **encoded))["status"] == 414
    assert (await answer_of(nobody_asked, "/_event/", "websocket", **encoded))["status"] == 414


async def test_a_program_of_this_machine_needs_no_page_but_a_page_must_be_our_own() -> None:
    host = {"host": "localhost:13000"}
    change: dict[str, Any] = {"method": "TRACE", "scheme": "http"}
    assert (await answer_of(NOBODY, "/api/v1/kpi", headers=host, **change))["status"] == 200
    for header in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert (await answer_of(NOBODY, "/api/v1/kpi", headers=host | header, **change))[
            "status"
        ] == 403


async def test_a_body_that_does_not_come_ends_its_request() -> None:
    parts = [{"type": "http.request", "body": b"user=", "more_body": True}]

    async def receive() -> Any:
        return parts.pop() if parts else await asyncio.Event().wait()

    slow = bounded(receive, 1000, 0.01)
    assert (await slow())["body"] == b"user="
    assert (await slow())["type"] == "http.disconnect"
    # After the body, an application waits for the end of the connection as long as it wants.
    parts += [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": b"", "more_body": False},
    ]
    complete = bounded(receive, 1000, 60.0)
    assert [(await complete())["type"] for _ in range(2)] == ["http.request", "http.disconnect"]
