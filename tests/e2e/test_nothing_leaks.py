"""No secret, no statement and no traceback reaches a browser, whatever goes wrong (PRD §7.4)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from psycopg import AsyncConnection, sql

from ksys_app.db import connect
from tests.conftest import RO_PASSWORD
from tests.contract import PATHS, good
from tests.database import TestDatabases
from tests.e2e.conftest import Site, seed, start_site, stop_site
from tests.e2e.test_malformed_events import MALFORMED
from tests.silence import Line, line
from tests.waiting import until
from tests.wire import BOARD, Wire, tab

SECRETS = {
    "KSYS_RW_PASSWORD": 'rw-"hunter2"',
    "TS_ADMIN_DSN": "postgresql://postgres:adm%40hunter2@127.0.0.1:1/x",
}
# Texts that only a secret, a statement of ours or a traceback has.
FORBIDDEN = re.compile(
    rf"hunter2|{RO_PASSWORD}|postgresql://"
    r"|\b(SELECT|FROM|WHERE|LATERAL|GROUP BY|ORDER BY|UNION ALL|LINE \d+): ?\S|\bSELECT\b"
    r"|\b(FROM|JOIN) (public\.)?\w+|time_bucket\("
)
TRACEBACK = re.compile(r"Traceback \(most recent|File \"|\.py\"?, line \d+")
# Read by Python when the app's process starts: a rule of the product with a bug, whose error has
# the connection and the statement in its message.
BUG = """
import os
from ksys_app.domain import ordering

table_order, QUOTED = ordering.table_order, chr(10) + "LINE 1: SELECT 1 FROM t"

def broken(tiles, wanted, column, *more):
    if column == "value":
        raise ZeroDivisionError(os.environ["TS_DSN"] + QUOTED)
    return table_order(tiles, wanted, column, *more)

ordering.table_order = broken
"""
BAD = (
    "/api/v1/latest?tag='; DROP",
    "/api/v1/kpi?window=no",
    "/api/v1/timeseries?tag=D100&window=60m&columns=pg_sleep",
    "/api/v1/export.csv?tag=D100&from=yesterday",
    "/api/v1/comm/heatmap?tag=D100&start=9999-99-99",
    "/api/v1/nope",
    "/docs/runbooks/NOPE.md",
    "/nope",
)


AWAY = ("/readyz", "/api/v1/latest", "/api/v1/timeseries?tag=D100&window=7d", "/metrics")


@dataclass
class Faulty:
    """A running app whose database and events can be made to fail.

    Attributes:
        site: the app.
        way: the proxy to its database.
        owner: a connection of the owner.
        received: everything that a client has received: the path, or "websocket", and the text.
    """

    site: Site
    way: Line
    owner: AsyncConnection
    received: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, *paths: str) -> set[str]:
        """Request these paths, or all paths if there are none; returns the codes of the errors."""
        codes = set()
        async with httpx.AsyncClient(base_url=self.site.url, timeout=60) as client:
            for path in paths or (*map(good, PATHS), *BAD):
                answer = await client.get(path)
                self.received.append((path, f"{answer.headers}\n{answer.text}"))
                if answer.status_code >= 400 and answer.text.startswith("{"):
                    codes.add(answer.json()["error"]["code"])
        return codes

    async def look(self, *codes: str) -> None:
        """Open a page until it shows a problem with one of the codes; record what it receives."""
        async with tab(self.site.url) as wire:

            async def shown() -> bool:
                return wire.vars().get("problem", {}).get("code") in codes

            await until(shown)
            self._record(wire)

    async def send(self) -> None:
        """Send every malformed message, and one that meets the bug."""
        async with tab(self.site.url) as wire:
            await wire.update(phase="loaded")
            for text, _ in MALFORMED.values():
                await wire.send(text)
            await wire.emit(f"{BOARD}.sort_table", {"column": "value"})
            await wire.update(phase="stale")
            self._record(wire)

    def _record(self, wire: Wire) -> None:
        self.received.append(("websocket", json.dumps(wire.updates, ensure_ascii=False)))


@pytest.fixture
async def faulty(databases: TestDatabases, tmp_path_factory: Any) -> AsyncIterator[Faulty]:
    dsn = await databases.fresh()
    await seed(dsn)
    folder = tmp_path_factory.mktemp("leak")
    (folder / "sitecustomize.py").write_text(BUG)
    async with line(dsn) as way, await connect(dsn) as owner:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(folder))
            patch.setenv("KSYS_LOG", "json")
            # Short, because requests to the silent database wait for it; but no statement of a
            # busy machine takes so long.
            patch.setenv("KSYS_STATEMENT_TIMEOUT_MS", "5000")
            for name, secret in SECRETS.items():
                patch.setenv(name, secret)
            site = await start_site(databases, way.dsn, tick_s=1)
        try:
            yield Faulty(site, way, owner)
        finally:
            way.mend()
            await stop_site(site)
    await databases.drop(dsn)


async def test_no_error_tells_a_secret_a_statement_or_a_traceback(faulty: Faulty) -> None:
    assert await faulty.ask() == {"BAD_PARAMETER", "UNKNOWN_TAG", "NOT_FOUND"}
    await faulty.send()
    await _without_a_view(faulty)
    await _silent(faulty)
    await _with_another_password(faulty)
    wrong = [(path, found[0]) for path, text in faulty.received if (found := _leaks(text))]
    assert wrong == []
    _log_is_clean(faulty.site.log)


async def _without_a_view(faulty: Faulty) -> None:
    rename = sql.SQL("ALTER VIEW public.{} RENAME TO {}")
    names = sql.Identifier("influx_latest"), sql.Identifier("gone")
    await faulty.owner.execute(rename.format(*names))
    assert "SCHEMA_DRIFT" in await faulty.ask()
    await faulty.look("SCHEMA_DRIFT")
    await faulty.owner.execute(rename.format(*reversed(names)))


async def _silent(faulty: Faulty) -> None:
    faulty.way.cut()
    assert await faulty.ask(*AWAY) <= {"DB_TIMEOUT", "DB_CONN"}
    await faulty.look("DB_TIMEOUT", "DB_CONN")
    faulty.way.mend()

    async def back() -> bool:
        return not await faulty.ask("/readyz")

    await until(back)


async def _with_another_password(faulty: Faulty) -> None:
    """The connections break, and new ones are refused."""
    await faulty.owner.execute("ALTER ROLE eco_ro PASSWORD 'another-hunter2'")
    try:
        faulty.way.drop()
        assert "DB_CONN" in await faulty.ask(*AWAY)
        answers = [text for path, text in faulty.received if path == "/readyz"]
        assert "refuses the password" in answers[-1]
        await faulty.look("DB_CONN")
    finally:
        again = sql.SQL("ALTER ROLE eco_ro PASSWORD {}").format(sql.Literal(RO_PASSWORD))
        await faulty.owner.execute(again)


def _leaks(text: str) -> list[str]:
    return [found[0] for find in (FORBIDDEN, TRACEBACK) for found in find.finditer(text)]


def _log_is_clean(lines: list[str]) -> None:
    entries = [json.loads(text) for text in lines if not text.startswith("ready: ")]
    assert {"event_refused", "db_fail", "page_problem"} <= {entry["event"] for entry in entries}
    assert [
        entry for entry in entries if FORBIDDEN.search(json.dumps(entry, ensure_ascii=False))
    ] == []
    failed = [entry for entry in entries if TRACEBACK.search(json.dumps(entry))]
    assert [entry["message"] for entry in failed] == ["event handler failed"]
    assert "********" in failed[0]["exception"]
    assert re.fullmatch(r"\d{4}-\d{4}", failed[0]["request_id"])
