"""Runs Debian's nginx and Caddy in front of the app, with a certificate for the test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tests import docs
from tests.e2e.conftest import START_S, STOP_S
from tests.ports import free_port
from tests.waiting import until

NOWHERE = "postgresql://eco_ro@127.0.0.1:1/nowhere"
NGINX_OF_A_MACHINE = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""
NGINX_SERVER = """
server {{
    listen 127.0.0.1:{port} ssl;
    listen 127.0.0.2:{port} ssl;
    ssl_certificate {crt};
    ssl_certificate_key {key};
    {locations}
}}
"""


def program(name: str, package: str | None = None) -> str:
    """The path of a program; a missing program skips the test, but fails it in CI.

    Args:
        name: the program.
        package: the Debian package, if it has another name.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"no {name}; apt-get install {package or name}")
        pytest.skip(f"no {name} on this machine")
    return path


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for localhost and 127.0.0.1.

    Attributes:
        crt: file of the certificate, PEM.
        key: file of the private key.
    """

    crt: Path
    key: Path


async def certificate(folder: Path) -> Certificate:
    """A new certificate in ``folder``."""
    files = Certificate(folder / "tls.crt", folder / "tls.key")
    process = await asyncio.create_subprocess_exec(
        program("openssl"),
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", str(files.key), "-out", str(files.crt)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return files


@dataclass
class Served:
    """A process that listens.

    Attributes:
        port: the port.
        process: the process.
        log: output of the process so far.
    """

    port: int
    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)


@asynccontextmanager
async def app(dsn: str = NOWHERE, **settings: str) -> AsyncIterator[Served]:
    """``ksys run`` on a free port; without a database its pages say that there is none."""
    port = free_port()
    environment = os.environ | {"TS_DSN": dsn, "KSYS_TICK_SECONDS": "1"} | settings
    command = (str(Path(sys.executable).with_name("ksys")), "run", "--port", str(port))
    async with _running(port, command, environment, "ready: ") as served:
        yield served


@asynccontextmanager
async def nginx(folder: Path, port: int, site: str) -> AsyncIterator[Served]:
    """nginx with the servers of ``site``; ``folder`` is its own."""
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(NGINX_OF_A_MACHINE.format(folder=folder, site=site, user=user))
    command = (program("nginx"), "-p", str(folder), "-c", str(config), "-e", f"{folder}/error.log")
    async with _running(port, command, dict(os.environ)) as served:
        yield served


@asynccontextmanager
async def caddy(folder: Path, port: int, site: str, **values: str) -> AsyncIterator[Served]:
    """Caddy with a Caddyfile and the values of its variables; ``folder`` is its own."""
    config = folder / "Caddyfile"
    config.write_text(site)
    command = (program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile")
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    async with _running(port, command, os.environ | homes | values) as served:
        yield served


@asynccontextmanager
async def login_service() -> AsyncIterator[int]:
    """The port of a service that names the person who sends a request, as oauth2-proxy does.

    The cookie ``_login`` has the name of the person. If the cookie is empty, the answer names
    nobody. The login page of the service logs in eve and redirects back.
    """
    server = uvicorn.Server(uvicorn.Config(_says_who, port=0, log_config=None))
    running = asyncio.create_task(server.serve())
    await until(partial(_started, server))
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def _started(server: uvicorn.Server) -> bool:
    return server.started


async def _says_who(scope: Any, receive: Any, send: Any) -> None:
    """The service as an ASGI app."""
    if scope["type"] != "http":
        return
    request = Request(scope)
    named = request.cookies.get("_login")
    if scope["path"] == "/oauth2/auth":
        headers = {"x-auth-request-user": named} if named else {}
        answer: Response = Response(status_code=401 if named is None else 202, headers=headers)
    else:
        answer = RedirectResponse(request.headers["x-auth-request-redirect"], 302)
        answer.set_cookie("_login", "eve", secure=True, httponly=True)
    await answer(scope, receive, send)


def caddy_forward_auth() -> str:
    """``deploy/Caddyfile-forward-auth`` without the ports that every Caddy would use."""
    return put(deployed("Caddyfile-forward-auth"), skip_install_trust=_caddy_options())


@asynccontextmanager
async def _running(
    port: int, command: tuple[str, ...], environment: dict[str, str], says: str | None = None
) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    served, ready = Served(port, process), asyncio.Event()
    listening = asyncio.create_task(_listen(served, says, ready))
    try:
        async with asyncio.timeout(START_S):
            await (ready.wait() if says else _answers(served))
        yield served
    except TimeoutError:
        pytest.fail(f"{command[0]} did not start:\n" + "\n".join(served.log))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT if says else signal.SIGTERM)
        await asyncio.wait_for(process.wait(), STOP_S)
        await listening


async def _listen(served: Served, says: str | None, ready: asyncio.Event) -> None:
    assert served.process.stdout is not None
    async for line in served.process.stdout:
        served.log.append(line.decode().rstrip())
        if says and served.log[-1].startswith(says):
            ready.set()


async def _answers(served: Served) -> None:
    """Wait until a proxy has its certificate: Caddy listens before."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    while True:
        try:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", served.port, ssl=anybody, server_hostname="localhost"
            )
            writer.close()
            return
        except OSError:
            if served.process.returncode is not None:
                pytest.fail("it ended:\n" + "\n".join(served.log))
            await asyncio.sleep(0.05)


def put(text: str, **places: object) -> str:
    """``text`` with each key of ``places`` replaced by its value; ``text`` must have every key."""
    for old, new in places.items():
        assert old in text, f"{old!r} is not in the file"
        text = text.replace(old, str(new))
    return text


def runbook_site(app: int, port: int, tls: Certificate, locations: str | None = None) -> str:
    """A server of nginx with TLS that holds the runbook's snippet, or other locations."""
    text = put(locations or of_runbook(), **{"127.0.0.1:13000": f"127.0.0.1:{app}"})
    return NGINX_SERVER.format(port=port, crt=tls.crt, key=tls.key, locations=text)


def nginx_site(app: int, port: int, tls: Certificate) -> str:
    """``deploy/nginx.conf`` with the ports and paths of a test."""
    return put(
        deployed("nginx.conf"),
        **{
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "/etc/nginx/tls/dashboard.crt": tls.crt,
            "/etc/nginx/tls/dashboard.key": tls.key,
            "127.0.0.1:13000": f"127.0.0.1:{app}",
        },
    )


def caddy_site() -> str:
    """``deploy/Caddyfile`` without the ports that every Caddy on a machine would use."""
    return put(deployed("Caddyfile"), skip_install_trust=_caddy_options())


def caddy_several() -> str:
    """``deploy/Caddyfile-several``, likewise."""
    return put(deployed("Caddyfile-several"), skip_install_trust=_caddy_options())


def nginx_subpath(app: int, port: int, tls: Certificate, takes_away: bool = False) -> str:
    """A server with TLS and other pages that holds ``deploy/nginx-subpath.conf``."""
    end = "/" if takes_away else ""
    text = put(deployed("nginx-subpath.conf"), **{"127.0.0.1:13000": f"127.0.0.1:{app}{end}"})
    locations = f"location / {{ return 200 'another page'; }}\n{text}"
    return NGINX_SERVER.format(port=port, crt=tls.crt, key=tls.key, locations=locations)


def caddy_subpath(folder: Path, takes_away: bool = False) -> str:
    """A site with TLS and other pages that imports ``deploy/Caddyfile-subpath``."""
    text = deployed("Caddyfile-subpath")
    file = folder / "Caddyfile-subpath"
    file.write_text(put(text, **{"handle /ksys/*": "handle_path /ksys/*"}) if takes_away else text)
    pages = f'import {file}\n\thandle {{\n\t\trespond "another page"\n\t}}'
    return f"{{\n\t{_caddy_options()}\n}}\n\n{{$KSYS_SITE}} {{\n\t{pages}\n}}\n"


def _caddy_options() -> str:
    return f"skip_install_trust\n\tadmin off\n\thttp_port {free_port()}"


def deployed(name: str) -> str:
    """A file of ``deploy/``."""
    return (docs.ROOT / "deploy" / name).read_text("utf-8")


def of_runbook() -> str:
    """The one snippet for nginx in the runbook of the live connection."""
    text = (docs.ROOT / "docs" / "runbooks" / "WS_FAIL.md").read_text("utf-8")
    (snippet,) = docs.blocks(text, "nginx")
    return snippet
