"""Runs each command of README.md and RECOVERY.md as it is written, in order.

Commands that need a server, because they create a database or use ``pg_dump``, run only where
there is one: TS_TEST_DSN or Docker.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ksys_app.db import connect
from tests import docs
from tests.conftest import OP_PASSWORD, RO_PASSWORD, RW_PASSWORD
from tests.database import TestDatabases
from tests.ports import free_port
from tests.waiting import HANGS_S

RECOVERY = (docs.ROOT / "docs" / "runbooks" / "RECOVERY.md").read_text("utf-8")
INTERRUPTED = "A restore that was interrupted"
ASIDE = "EcoAnP_before_20261127021000"
HOST = "db.plant:5432"
DATABASE = "EcoAnP"
# Commands that run until they are ended. The test ends them when they print this.
SAYS = {"ksys run": "ready: ", "ksys db jobs --run --watch": "Ctrl-C"}
SHELL = """
set -e -x -o pipefail
until_it_says() {
  output=$1; shift
  "$@" >spoken 2>&1 & child=$!
  until grep -q "$output" spoken; do
    kill -0 $child || { cat spoken; exit 1; }
    sleep 0.1
  done
  kill -TERM $child; wait $child || true
}
"""


def blocks_below(text: str, heading: str) -> list[str]:
    """The blocks of commands below a heading."""
    behind = text.split(f"\n## {heading}\n")[1]
    return docs.blocks(behind.split("\n## ")[0], "bash")


async def run_blocks(folder: Path, blocks: list[str]) -> str:
    """The output of one shell in ``folder`` that runs these blocks; no command may fail."""
    script = [SHELL]
    for line in (line for block in blocks for line in block.splitlines()):
        if line in SAYS:
            # Another port, because the default port may be in use.
            command = f"{line} --port {free_port()}" if line == "ksys run" else line
            script.append(f"until_it_says '{SAYS[line]}' {command}")
        else:
            script.append(line)
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", "\n".join(script),
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    # A dozen commands, each of which starts a process.
    output, _ = await asyncio.wait_for(process.communicate(), 3 * HANGS_S)
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder like a fresh clone after ``make setup``."""
    for path in docs.ROOT.iterdir():
        if path.name not in {"data", ".env", ".ksys", ".git"}:
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(docs.ROOT / "data", tmp_path / "data")
    return tmp_path


@dataclass(frozen=True)
class Target:
    """The database that stands for the one in the documents.

    Attributes:
        dsn: DSN of the server's superuser, or of the embedded database's owner.
        owner: the role that owns the database.
        name: the database.
    """

    dsn: str
    owner: str
    name: str

    def with_address(self, text: str) -> str:
        """``text`` with this database's address in place of the one in the documents."""
        parts = conninfo_to_dict(self.dsn)
        return (
            text.replace(HOST, f"{parts['host']}:{parts['port']}")
            .replace(DATABASE, self.name)
            .replace("plant_owner", self.owner)
            .replace("postgres:…@", f"{parts['user']}:{parts.get('password') or '-'}@")
            .replace("postgres@", f"{parts['user']}:{parts.get('password') or '-'}@")
            .replace("eco_ro:…@", f"eco_ro:{RO_PASSWORD}@")
            .replace("RO_PASSWORD='…'", f"RO_PASSWORD='{RO_PASSWORD}'")
            .replace("RW_PASSWORD='…'", f"RW_PASSWORD='{RW_PASSWORD}'")
            .replace("OP_PASSWORD='…'", f"OP_PASSWORD='{OP_PASSWORD}'")
            .replace("secret-2", RO_PASSWORD)
            .replace("secret-3", RW_PASSWORD)
            .replace("secret-4", OP_PASSWORD)
        )


@pytest.fixture
async def target(databases: TestDatabases) -> AsyncIterator[Target]:
    """A server to create the database on, or the empty embedded database."""
    dsn = await databases.fresh(schema=False)
    if databases.kind == "embedded":
        parts = conninfo_to_dict(dsn)
        yield Target(dsn, str(parts["user"]), str(parts["dbname"]))
    else:
        mark = uuid4().hex[:8]
        yield Target(dsn, f"owner_{mark}", f"walk_{mark}")
        async with await connect(dsn) as conn:
            query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            for (name,) in await (await conn.execute(query, (f"walk_{mark}",))).fetchall():
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                await conn.execute(drop.format(sql.Identifier(name)))
            await conn.execute(
                sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"owner_{mark}"))
            )
    await databases.drop(dsn)


def runnable(databases: TestDatabases, blocks: list[str]) -> list[str]:
    """The blocks that can run here. The embedded database can create no database and no dump."""
    servers = ("CREATE DATABASE", "ksys db backup", "ksys db restore")
    if databases.kind != "embedded":
        return blocks
    return [block for block in blocks if not any(word in block for word in servers)]


async def test_the_readme_leads_to_a_running_app(
    databases: TestDatabases, clone: Path, target: Target
) -> None:
    section = docs.README.split("\n## Your own database\n")[1].split("\n## ")[0]
    steps = [
        target.with_address(block)
        for block in runnable(databases, blocks_below(docs.README, "Your own database"))
    ]
    (settings,) = docs.blocks(section, "ini")
    written = [block for block in steps if "cp .env.example .env" in block]
    assert len(written) == 1
    at = steps.index(written[0]) + 1
    fill = target.with_address(settings)
    steps.insert(at, f"cat > .env <<'END'\n{fill}END")
    output = await run_blocks(clone, steps)
    assert "checks ok" in output
    assert "FAIL" not in output
    assert (clone / ".env").stat().st_mode & 0o077 == 0


async def test_the_recovery_page_leads_to_a_complete_database(
    databases: TestDatabases, clone: Path, target: Target
) -> None:
    now = datetime.now(UTC)
    rows = [f"{now - timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},D100,{n / 7:.2f}" for n in range(300)]
    with gzip.open(clone / "samples.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(["ts,tag_name,value", *rows, "yesterday,D100,1"]) + "\n")
    before = blocks_below(RECOVERY, "Settings")
    after = blocks_below(RECOVERY, "Without a dump") + blocks_below(RECOVERY, "It is done when")
    output = await run_blocks(
        clone, [target.with_address(one) for one in runnable(databases, before + after)]
    )
    assert "checks ok" in output
    assert "FAIL" not in output
    assert "yesterday" in (clone / "samples.csv.gz.rejected.csv").read_text("utf-8")
    if databases.kind == "embedded":
        return
    again = replace(target, name=f"{target.name}_again")
    blocks = before + blocks_below(RECOVERY, "With a dump") + blocks_below(RECOVERY, INTERRUPTED)
    output = await run_blocks(clone, [again.with_address(one) for one in blocks])
    assert output.count("every sample and every row") == 2
    (aside,) = re.findall(r"is now (\w+)", output)
    *ways, drop = blocks_below(RECOVERY, "The renamed database")
    assert "DROP DATABASE" in drop
    blocks = [one.replace(ASIDE, aside) for one in [*before[:1], *ways]]
    output = await run_blocks(
        clone, [again.with_address(one) for one in [*blocks, "ksys db verify --json"]]
    )
    assert "already stored" in output
    assert '"name": "restore",\n    "ok": true' in output
