"""``ksys check --url`` through real proxies: it names the problem and the remedy."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ksys_app.ops.serving import address
from tests import proxies
from tests.e2e.conftest import ANSWER_S
from tests.ksys import ksys
from tests.ports import free_port
from tests.proxies import Certificate, Served, of_runbook, put

# What the runbook recommended earlier, without port and scheme.
FORMER_SNIPPET = """
location / {
    proxy_pass http://127.0.0.1:13000;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 300s;
}
"""


@pytest.fixture(scope="module")
async def app() -> AsyncIterator[Served]:
    """The app without a database. It has pages and websockets all the same."""
    async with proxies.app() as served:
        yield served


@pytest.fixture(scope="module")
async def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost."""
    return await proxies.certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that waits for a processor is no missing answer."""
    monkeypatch.setattr(address, "TIMEOUT_S", float(ANSWER_S))


async def look(url: str, tls: Certificate | None = None) -> dict[str, str]:
    """Each line of the check by its name; a failed one begins with FAIL."""
    steps = await asyncio.to_thread(lambda: list(address.look(url, tls and tls.crt)))
    return {step.name: f"{'ok' if step.ok else 'FAIL'} {step.detail}" for step in steps}


async def command(url: str, tls: Certificate) -> tuple[int, dict[str, str]]:
    """The same as the command prints it, with its exit code."""
    code, out, err = await ksys("check", "--url", url, "--ca", str(tls.crt))
    assert err == ""
    lines = re.findall(r"^(ok|FAIL) +(.+?)  (.+)$", out, re.MULTILINE)
    assert len(lines) == len(out.splitlines())
    return code, {name: f"{mark} {detail}" for mark, name, detail in lines}


@contextlib.asynccontextmanager
async def behind(locations: str, app: Served, tls: Certificate, folder: Path) -> AsyncIterator[str]:
    """The address of a server of nginx with these locations in front of the app."""
    port = free_port()
    async with proxies.nginx(folder, port, proxies.runbook_site(app.port, port, tls, locations)):
        yield f"https://localhost:{port}/"


async def test_every_step_of_a_right_address_is_ok(
    app: Served, tls: Certificate, tmp_path: Path
) -> None:
    async with behind(of_runbook(), app, tls, tmp_path) as url:
        code, lines = await command(url, tls)
    assert code == 0, lines
    assert list(lines) == ["certificate", "page", "files", "websocket", "other origins"]
    assert all(line.startswith("ok") for line in lines.values())


@pytest.mark.parametrize("path", ["", "trend?tag=D100&window=24h", "comm/"])
async def test_the_address_of_the_app_itself_is_ok(app: Served, path: str) -> None:
    lines = await look(f"http://127.0.0.1:{app.port}/{path}")
    assert all(line.startswith("ok") for line in lines.values()), lines
    assert "certificate" not in lines


@pytest.mark.parametrize("upgrade", [{}, {"Upgrade": "websocket"}, {"Origin": "http://a"}])
async def test_a_websocket_without_its_upgrade_is_reported_and_leaves_no_trace_in_the_log(
    app: Served, upgrade: dict[str, str]
) -> None:
    before = len(app.log)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{app.port}", timeout=ANSWER_S
    ) as client:
        answer = await client.get(f"/{address.EVENTS}", headers=upgrade)
        await client.get("/ping")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert answer.json()["error"]["code"] == "HTTP"
    assert [line for line in app.log[before:] if "Traceback" in line or "ASGI" in line] == []


# What is changed in the runbook's snippet, which line fails, and parts of its message.
WRONG = {
    "Host without its port": (
        {"proxy_set_header Host $http_host": "proxy_set_header Host $host"}
        | {"proxy_set_header X-Forwarded-Host $http_host;": ""},
        "websocket",
        ["https://localhost:", "$http_host, not $host"],
    ),
    "another Host": (
        {"$http_host": "$proxy_host"},
        "websocket",
        ["the request came as https://127.0.0.1:", "pass on the browser's Host"],
    ),
    "no scheme": (
        {"proxy_set_header X-Forwarded-Proto $scheme;": ""},
        "websocket",
        ["the request came as http://localhost:", "X-Forwarded-Proto"],
    ),
    "no upgrade": (
        {"proxy_set_header Upgrade $http_upgrade;": ""},
        "websocket",
        ["does not pass the upgrade", "Upgrade $http_upgrade"],
    ),
    "no connection": (
        {"proxy_set_header Connection $http_connection;": ""},
        "websocket",
        ["does not pass the upgrade", "Connection $http_connection"],
    ),
    "the page alone": (
        {"location / {": "location / { return 404; } location = / {"},
        "files",
        ["/assets/", "answers 404", "every path"],
    ),
    "no websocket": (
        {"location / {": "location /_event { return 404; } location / {"},
        "websocket",
        ["/_event/", "(404)", "every path"],
    ),
    "a filter": (
        {"location / {": "location /_event { deny all; } location / {"},
        "websocket",
        ["refuses it (403)", "/_event/"],
    ),
    "a login": (
        {"location / {": 'location / { auth_basic "x"; auth_basic_user_file /dev/null;'},
        "page",
        ["asks for a login (401)", "https://user:password@"],
    ),
    "another program": (
        {"location / {": "location / { return 200 '<title>A &amp; B</title>'; } location /x {"},
        "page",
        ["not the dashboard", "'A & B'"],
    ),
    "a redirect elsewhere": (
        {"location / {": "location / { return 302 http://localhost/; } location /x {"},
        "page",
        ["it leads to http://localhost/"],
    ),
    "no app": (
        {"proxy_pass ": "set $app 127.0.0.1:13000; proxy_pass http://127.0.0.1:1; #"},
        "page",
        ["the proxy answers 502", "does not reach the app"],
    ),
    "no origin": (
        {"location / {": 'location / { proxy_set_header Origin "";'},
        "other origins",
        ["another origin gets the websocket too", "Origin"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_one_sentence_explains_what_is_wrong_with_a_proxy(
    name: str, app: Served, tls: Certificate, tmp_path: Path
) -> None:
    changed, failing, parts = WRONG[name]
    async with behind(put(of_runbook(), **changed), app, tls, tmp_path) as url:
        lines = await look(url, tls)
    assert {name for name, line in lines.items() if line.startswith("FAIL")} == {failing}
    assert list(lines)[-1] == failing, "what comes after it is pointless"
    assert [part for part in parts if part not in lines[failing]] == []


async def test_the_former_snippet_of_the_runbook_is_refused_by_name(
    app: Served, tls: Certificate, tmp_path: Path
) -> None:
    async with behind(FORMER_SNIPPET, app, tls, tmp_path) as url:
        code, lines = await command(url, tls)
    assert code == 1
    assert "the request came as http://localhost:" in lines["websocket"]
    assert "X-Forwarded-Proto" in lines["websocket"]
    assert "$http_host, not $host" in lines["websocket"]


async def test_a_proxy_that_is_not_trusted_is_reported_with_the_setting(
    tls: Certificate, tmp_path: Path
) -> None:
    async with (
        proxies.app(KSYS_TRUSTED_PROXIES="10.99.0.0/16") as app,
        behind(of_runbook(), app, tls, tmp_path) as url,
    ):
        lines = await look(url, tls)
    assert "KSYS_TRUSTED_PROXIES" in lines["websocket"]
    assert "127.0.0.1" not in lines["websocket"]
    (logged,) = [line for line in app.log if "ws_refused" in line and "another-page" not in line]
    assert "peer=127.0.0.1" in logged
    assert [line for line in app.log if "ASGI" in line] == []


async def test_an_untrusted_certificate_is_reported_and_the_rest_is_checked(
    app: Served, tls: Certificate, tmp_path: Path
) -> None:
    async with behind(of_runbook(), app, tls, tmp_path) as url:
        lines = await look(url)
        by_name = await look(url.replace("localhost", "127.0.0.2"), tls)
    assert "not trusted (self-signed certificate)" in lines["certificate"]
    assert "--ca" in lines["certificate"]
    assert lines["websocket"].startswith("ok")
    assert "127.0.0.2" in by_name["certificate"]


async def test_a_port_without_tls_and_a_port_without_a_server_are_reported(app: Served) -> None:
    lines = await look(f"https://127.0.0.1:{app.port}/")
    assert "no TLS on port" in lines["connection"]
    lines = await look(f"http://127.0.0.1:{free_port()}/")
    assert "nothing answers on port" in lines["connection"]
    assert "Connection refused" in lines["connection"]
    lines = await look("https://no-such-host.invalid/")
    assert "nothing answers on port 443 of no-such-host.invalid" in lines["connection"]


@pytest.mark.parametrize("url", ["plant.example", "ftp://plant.example", "https://", "wss://a/"])
async def test_a_text_that_is_no_address_is_wrong_use(url: str) -> None:
    code, out, err = await ksys("check", "--url", url)
    assert (code, out) == (2, "")
    assert "is not the address of a page, e.g. https://" in err


# The base path of the app, the path at the proxy, the path that the proxy passes on, and parts of
# the message.
PLACES = {
    "a path taken away, the app at the root": (
        "/", "/ksys/", "/", ["itself to be at /,", "found it at /ksys/", "KSYS_BASE_PATH=/ksys,"],
    ),
    "a path kept, the app at the root": (
        "/", "/ksys/", "/ksys/", ["answers 404", "no page at /ksys/", "KSYS_BASE_PATH"],
    ),
    "another path taken away": (
        "/ksys", "/plant/", "/", ["takes itself to be at /ksys/,", "KSYS_BASE_PATH=/plant,"],
    ),
    "another path kept": (
        "/ksys", "/plant/", "/plant/", ["answers 404", "no page at /plant/", "at /ksys/;"],
    ),
    "the root": ("/ksys", "/", "/", ["found it at /:", "KSYS_BASE_PATH=/,", "serve it at /ksys/"]),
}  # fmt: skip


@pytest.fixture(scope="module")
async def under_a_path() -> AsyncIterator[Served]:
    """The app under ``/ksys/``."""
    async with proxies.app(KSYS_BASE_PATH="/ksys") as served:
        yield served


@pytest.mark.parametrize("name", PLACES)
async def test_an_app_at_an_unexpected_path_is_reported(
    name: str, app: Served, under_a_path: Served, tls: Certificate, tmp_path: Path
) -> None:
    base, at, onto, parts = PLACES[name]
    changes = {"location /": f"location {at}", "127.0.0.1:13000;": f"127.0.0.1:13000{onto};"}
    server = app if base == "/" else under_a_path
    async with behind(put(of_runbook(), **changes), server, tls, tmp_path) as url:
        lines = await look(url.rstrip("/") + at, tls)
    assert list(lines) == ["certificate", "page"]
    assert lines["page"].startswith("FAIL")
    assert [part for part in parts if part not in lines["page"]] == []


@pytest.mark.parametrize("takes_away", [False, True])
@pytest.mark.parametrize("path", ["ksys", "ksys/", "ksys/trend?tag=D100", "ksys/comm/"])
async def test_an_app_at_its_base_path_is_ok(
    path: str, takes_away: bool, under_a_path: Served, tls: Certificate, tmp_path: Path
) -> None:
    port = free_port()
    site = proxies.nginx_subpath(under_a_path.port, port, tls, takes_away)
    async with proxies.nginx(tmp_path, port, site):
        lines = await look(f"https://localhost:{port}/{path}", tls)
    assert all(line.startswith("ok") for line in lines.values()), lines
    assert lines["websocket"].startswith("ok")


async def test_a_server_that_closes_the_connection_is_reported(tls: Certificate) -> None:
    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.crt, tls.key)
    server = await asyncio.start_server(breaks_off, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server:
        lines = await look(f"https://localhost:{port}/", tls)
    assert "no answer" in lines["page"]
