"""``ksys run``: serves the app with ``TS_DSN``; refuses unsafe settings in production."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ksys_app import log
from ksys_app.errors import ConfigError
from ksys_app.ops.serving import frontend
from ksys_app.ops.serving.serve import address_of, require_free, served
from ksys_app.ops.stopping import stop_signal
from ksys_app.security import check_environment
from ksys_app.settings import Settings


async def run(settings: Settings, port: int, on_step: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: the settings, with the DSN and the address to listen on.
        port: the port.
        on_step: called with each step of a build of the pages.

    Raises:
        ConfigError: a setting is missing or unsafe in production, or the port is in use.
    """
    dsn = settings.app_dsn()
    wrong = [finding for finding in check_environment(settings) if not finding.ok]
    for finding in wrong:
        fields = {"check": finding.name, "detail": finding.detail}
        log.line("environment", fields, logging.WARNING)
    unsafe = [finding for finding in wrong if finding.strict]
    if unsafe:
        raise ConfigError("; ".join(f"{finding.name}: {finding.detail}" for finding in unsafe))
    require_free(settings.host, port)
    pages = await asyncio.to_thread(frontend.ensure_built, on_step)
    stop = stop_signal()
    async with served(dsn, settings.ts_operator_dsn, settings.host, port, pages) as server:
        print(f"ready: {address_of(settings.host, port, settings.base)}", flush=True)
        await asyncio.wait(
            [server, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED
        )
