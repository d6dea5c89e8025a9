"""Serves the app: one uvicorn process and one port for pages, API and websocket."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import uvicorn

from ksys_app import resources
from ksys_app.base_path import FOLDER_VARIABLE
from ksys_app.errors import ConfigError, NotStarted
from ksys_app.ops.serving.bounded_http import BoundedHttp
from ksys_app.settings import get_settings
from ksys_app.utils.loading import loading
from ksys_app.utils.pace import Pace

# Because of these variables Reflex does not compile the pages, which are built already.
BUILT: Final = {"REFLEX_ENV_MODE": "prod", "__REFLEX_SKIP_COMPILE": "true"}
# The largest message, bytes; the page framework accepts a million characters.
MAX_MESSAGE: Final = 2**20
STOP_S: Final = 3
START_S: Final = 300.0
"""Longest start, seconds. A start takes up to a minute on a busy machine."""
NOT_STARTED: Final = "the app did not start; the log above says why"
_HARMLESS_MESSAGES: Final = ("without completing handshake", "Invalid UTF-8 sequence")


_warnings: Final = Pace(20)


def worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn is logged.

    Errors about events that the app has logged already are dropped: the app answers a refused
    websocket itself, and text that is not UTF-8 ends its connection, which the gate logs in one
    line (PRD §10). At most 20 warnings a minute are logged.
    """
    message = record.getMessage()
    if any(part in message for part in _HARMLESS_MESSAGES):
        return False
    # Any client can send malformed requests, and these must not fill the log.
    return record.levelno > logging.WARNING or _warnings.passes()


def address_of(host: str, port: int, base: str) -> str:
    """The address of the pages for a user of this machine."""
    name = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host  # noqa: S104
    return f"http://{name}:{port}" + (f"{base}/" if base else "")


class _Server(uvicorn.Server):
    """A server that leaves signals and the end of the process to the command."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        with loading():
            self.config.load()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise NotStarted(NOT_STARTED) from None


def require_free(host: str, port: int) -> None:
    """Check that this process can listen on ``host:port``.

    Raises:
        ConfigError: another program listens there, or this machine does not have the address.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
            ) from error


@asynccontextmanager
async def served(
    dsn: str, operator_dsn: str | None, host: str, port: int, pages: Path
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the app on ``host:port`` until the block is left.

    Args:
        dsn: the app's database, with role ``eco_ro``.
        operator_dsn: the same with role ``eco_op``; None if the pages are read-only.
        host: address to listen on.
        port: its port.
        pages: folder of the built pages.

    Yields:
        The server's task; it ends by itself only if the server fails.

    Raises:
        ConfigError: the address cannot be listened on.
        NotStarted: the app did not start.
    """
    require_free(host, port)
    # Reflex reads its configuration from the working folder and the environment.
    os.chdir(resources.ROOT)
    os.environ.update(BUILT, TS_DSN=dsn, **{FOLDER_VARIABLE: str(pages)})
    if operator_dsn is not None:
        os.environ["TS_OPERATOR_DSN"] = operator_dsn
    get_settings.cache_clear()
    server = _Server(
        uvicorn.Config(
            "ksys_app.ksys_app:app",
            factory=True,
            host=host,
            port=port,
            http=BoundedHttp,
            ws="websockets-sansio",
            ws_max_size=MAX_MESSAGE,
            # ksys_app.edge reads the forwarded headers, and needs the real sender of a request.
            proxy_headers=False,
            # The lines go to the handler of ksys_app.log.
            log_config=None,
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=STOP_S,
        )
    )
    logging.getLogger("uvicorn.error").addFilter(worth_a_line)
    async with running(server, START_S) as task:
        yield task


@asynccontextmanager
async def running(server: uvicorn.Server, limit_s: float) -> AsyncIterator[asyncio.Task[None]]:
    """Run a server until the block is left; the block begins when it accepts connections.

    Args:
        server: the server.
        limit_s: longest start, seconds.

    Yields:
        The task of the server.

    Raises:
        NotStarted: the server ended before it accepted connections, or took too long.
    """
    task = asyncio.create_task(server.serve(), name="app")
    try:
        await _until_started(server, task, limit_s)
        yield task
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, STOP_S + 2)


async def _until_started(server: uvicorn.Server, task: asyncio.Task[None], limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            while not server.started:
                if task.done():
                    raise NotStarted(NOT_STARTED)
                await asyncio.sleep(0.05)
    except TimeoutError:
        # While uvicorn starts it does not check whether it should end, so cancel it.
        task.cancel()
        raise NotStarted(
            f"the app did not start within {limit_s:.0f} s; stop other programs on this machine "
            "and start it again"
        ) from None
