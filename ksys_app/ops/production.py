"""``ksys run``: the app against ``TS_DSN``, refused where production would be unsafe."""

from __future__ import annotations

import asyncio

from ksys_app.errors import ConfigError
from ksys_app.log import logger
from ksys_app.ops import frontend
from ksys_app.ops.serve import require_free, served
from ksys_app.ops.stopping import stop_signal
from ksys_app.security import check_environment
from ksys_app.settings import Settings


async def run(settings: Settings, port: int) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        ConfigError: a setting is missing or unsafe in production, or the port is taken.
    """
    dsn = settings.app_dsn()
    wrong = [finding for finding in check_environment(settings) if not finding.ok]
    for finding in wrong:
        logger.warning("environment %s: %s", finding.name, finding.detail)
    unsafe = [finding for finding in wrong if finding.strict]
    if unsafe:
        raise ConfigError("; ".join(f"{finding.name}: {finding.detail}" for finding in unsafe))
    require_free(settings.host, port)
    await asyncio.to_thread(frontend.ensure_built)
    stop = stop_signal()
    async with served(dsn, settings.host, port) as server:
        print(f"ready: http://{_shown(settings.host)}:{port}", flush=True)
        await asyncio.wait(
            [server, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED
        )


def _shown(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1") else host  # noqa: S104
