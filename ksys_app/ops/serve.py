"""Serving the app: one uvicorn process, one port for pages, API and websocket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import uvicorn

from ksys_app.errors import ConfigError, KsysError
from ksys_app.settings import get_settings

ROOT: Final = Path(__file__).resolve().parents[2]
# Reflex's own names for: serve the built pages, and do not compile them again.
BUILT_PAGES: Final = {
    "REFLEX_ENV_MODE": "prod",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "__REFLEX_SKIP_COMPILE": "true",
}
STOP_S: Final = 3
START_S: Final = 60.0


class _Server(uvicorn.Server):
    """Signals belong to the command that serves, not to uvicorn."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def require_free(host: str, port: int) -> None:
    """Raise unless ``host:port`` can be listened on.

    Raises:
        ConfigError: something else listens there, or the address is not ours.
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
async def served(dsn: str, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """The app answering on ``host:port`` until the block is left.

    Args:
        dsn: the app's database.
        host: address to listen on.
        port: its port.

    Yields:
        The server's task; it ends by itself only if the server fails.

    Raises:
        ConfigError: the address cannot be listened on.
        KsysError: the app did not start.
    """
    require_free(host, port)
    # Reflex reads its configuration from the working folder and the environment.
    os.chdir(ROOT)
    os.environ.update(BUILT_PAGES, TS_DSN=dsn)
    get_settings.cache_clear()
    server = _Server(
        uvicorn.Config(
            "ksys_app.ksys_app:app",
            factory=True,
            host=host,
            port=port,
            ws="websockets-sansio",
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=STOP_S,
        )
    )
    task = asyncio.create_task(server.serve(), name="app")
    try:
        async with asyncio.timeout(START_S):
            while not server.started:
                if task.done():
                    raise KsysError("the app did not start; the log above says why")
                await asyncio.sleep(0.05)
        yield task
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, STOP_S + 2)
