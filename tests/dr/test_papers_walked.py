"""README and the recovery page, walked: each command of theirs is run as it stands, in order.

The commands for a server, which make a database or need its ``pg_dump``, are run where there is
one: TS_TEST_DSN or Docker.
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
from tests.conftest import RO_PASSWORD, RW_PASSWORD
from tests.database import TestDatabases
from tests.e2e.conftest import free_port
from tests.waiting import HANGS_S

RECOVERY = (docs.ROOT / "docs" / "runbooks" / "RECOVERY.md").read_text("utf-8")
BROKEN_OFF = "A restore that was interrupted"
ASIDE = "EcoAnP_before_20261127021000"
HOST = "db.plant:5432"
DATABASE = "EcoAnP"
# What goes on until it is ended: it is, as soon as it says this.
SAYS = {"ksys run": "ready: ", "ksys db jobs --run --watch": "Ctrl-C"}
SHELL = """
set -e -x -o pipefail
until_it_says() {
  said=$1; shift
  "$@" >spoken 2>&1 & child=$!
  until grep -q "$said" spoken; do
    kill -0 $child || { cat spoken; exit 1; }
    sleep 0.1
  done
  kill -TERM $child; wait $child || true
}
"""


def part(text: str, heading: str) -> list[str]:
    """The commands below a heading, a block each."""
    behind = text.split(f"\n## {heading}\n")[1]
    return docs.blocks(behind.split("\n## ")[0], "bash")


async def walk(folder: Path, blocks: list[str]) -> str:
    """What one shell in ``folder`` prints for these blocks; none of their commands may fail."""
    script = [SHELL]
    for line in (line for block in blocks for line in block.splitlines()):
        if line in SAYS:
            # Another port: the page's own may be in use on this machine.
            command = f"{line} --port {free_port()}" if line == "ksys run" else line
            script.append(f"until_it_says '{SAYS[line]}' {command}")
        else:
            script.append(line)
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", "\n".join(script),
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), HANGS_S)
    assert process.returncode == 0, said.decode()
    return said.decode()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that looks as a fresh clone does, after ``make setup``."""
    for path in docs.ROOT.iterdir():
        if path.name not in {"data", ".env", ".ksys", ".git"}:
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(docs.ROOT / "data", tmp_path / "data")
    return tmp_path


@dataclass(frozen=True)
class Named:
    """A database under the name in the documents.

    Attributes:
        dsn: of the server's superuser, or of the embedded database's owner.
        owner: the role that owns the database.
        name: the database.
    """

    dsn: str
    owner: str
    name: str

    def told(self, text: str) -> str:
        """``text`` with this database's address in place of the documents' one."""
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
            .replace("secret-2", RO_PASSWORD)
            .replace("secret-3", RW_PASSWORD)
        )


@pytest.fixture
async def place(databases: TestDatabases) -> AsyncIterator[Named]:
    """Where the documents' database is made, or the empty embedded one."""
    made = await databases.fresh(schema=False)
    if databases.kind == "embedded":
        parts = conninfo_to_dict(made)
        yield Named(made, str(parts["user"]), str(parts["dbname"]))
    else:
        mark = uuid4().hex[:8]
        yield Named(made, f"owner_{mark}", f"walk_{mark}")
        async with await connect(made) as conn:
            made_here = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            for (name,) in await (await conn.execute(made_here, (f"walk_{mark}",))).fetchall():
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                await conn.execute(drop.format(sql.Identifier(name)))
            await conn.execute(
                sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"owner_{mark}"))
            )
    await databases.drop(made)


def for_this(databases: TestDatabases, blocks: list[str]) -> list[str]:
    """The blocks that can be run here: the embedded database makes no other, and has no dump."""
    servers = ("CREATE DATABASE", "ksys db backup", "ksys db restore")
    if databases.kind != "embedded":
        return blocks
    return [block for block in blocks if not any(word in block for word in servers)]


async def test_the_readme_leads_to_a_running_app(
    databases: TestDatabases, clone: Path, place: Named
) -> None:
    section = docs.README.split("\n## Your own database\n")[1].split("\n## ")[0]
    steps = [
        place.told(block) for block in for_this(databases, part(docs.README, "Your own database"))
    ]
    (settings,) = docs.blocks(section, "ini")
    written = [block for block in steps if "cp .env.example .env" in block]
    assert len(written) == 1
    at = steps.index(written[0]) + 1
    fill = place.told(settings)
    steps.insert(at, f"cat > .env <<'END'\n{fill}END")
    said = await walk(clone, steps)
    assert "checks ok" in said
    assert "FAIL" not in said
    assert (clone / ".env").stat().st_mode & 0o077 == 0


async def test_the_recovery_page_leads_to_a_whole_database(
    databases: TestDatabases, clone: Path, place: Named
) -> None:
    now = datetime.now(UTC)
    rows = [f"{now - timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},D100,{n / 7:.2f}" for n in range(300)]
    with gzip.open(clone / "samples.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(["ts,tag_name,value", *rows, "yesterday,D100,1"]) + "\n")
    before = part(RECOVERY, "Settings")
    after = part(RECOVERY, "Without a dump") + part(RECOVERY, "It is done when")
    said = await walk(clone, [place.told(one) for one in for_this(databases, before + after)])
    assert "checks ok" in said
    assert "FAIL" not in said
    assert "yesterday" in (clone / "samples.csv.gz.rejected.csv").read_text("utf-8")
    if databases.kind == "embedded":
        return
    again = replace(place, name=f"{place.name}_again")
    blocks = before + part(RECOVERY, "With a dump") + part(RECOVERY, BROKEN_OFF)
    said = await walk(clone, [again.told(one) for one in blocks])
    assert said.count("every sample and every row") == 2
    (aside,) = re.findall(r"is now (\w+)", said)
    *ways, drop = part(RECOVERY, "The renamed database")
    assert "DROP DATABASE" in drop
    blocks = [one.replace(ASIDE, aside) for one in [*before[:1], *ways]]
    said = await walk(clone, [again.told(one) for one in [*blocks, "ksys db verify --json"]])
    assert "already stored" in said
    assert '"name": "restore",\n    "ok": true' in said
