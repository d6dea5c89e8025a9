"""PgBouncer in front of a database, in transaction mode: a session is shared by its clients."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.ports import free_port
from tests.proxies import deployed, put
from tests.waiting import HANGS_S


def _settings(dsn: str, listen: int, size: int, folder: Path) -> str:
    """``deploy/pgbouncer.ini`` for the server of ``dsn``, without TLS."""
    parts = conninfo_to_dict(dsn)
    text = put(
        deployed("pgbouncer.ini"),
        **{
            "EcoAnP = host=db.plant port=5432": f"* = host={parts['host']} port={parts['port']}",
            "listen_port = 6432": f"listen_port = {listen}\nunix_socket_dir =",
            "default_pool_size = 10": f"default_pool_size = {size}",
            "/etc/pgbouncer/users.txt": folder / "users.txt",
            "server_tls_sslmode = verify-full": "server_tls_sslmode = disable",
            "client_tls_sslmode = require": "client_tls_sslmode = disable",
        },
    )
    return re.sub(r"^(server|client)_tls_\w+_file = .*\n", "", text, flags=re.M)


@asynccontextmanager
async def pgbouncer(dsn: str, users: Mapping[str, str], size: int = 2) -> AsyncIterator[str]:
    """A pooler in front of the server of ``dsn``, for the block.

    Args:
        dsn: the database behind it.
        users: user to password of each user that may log in.
        size: sessions of the server for each user and database.

    Yields:
        Its DSN, for the user of ``dsn``.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no PgBouncer; apt-get install pgbouncer")
        pytest.skip("no PgBouncer on this machine")
    with tempfile.TemporaryDirectory(prefix="ksys-pooler-") as name:
        folder, listen = Path(name), free_port()
        os.chmod(folder, 0o755)
        (folder / "pgbouncer.ini").write_text(_settings(dsn, listen, size, folder))
        passwords = "".join(f'"{user}" "{password}"\n' for user, password in users.items())
        (folder / "users.txt").write_text(passwords)
        # PgBouncer does not run as root.
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        process = await asyncio.create_subprocess_exec(
            *(nobody if os.geteuid() == 0 else []),
            *(program, str(folder / "pgbouncer.ini")),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        output: list[str] = []
        listening = asyncio.create_task(_listen(process, output))
        try:
            async with asyncio.timeout(HANGS_S):
                while not any("process up" in line for line in output):
                    assert process.returncode is None, "".join(output)
                    await asyncio.sleep(0.02)
            user = str(conninfo_to_dict(dsn)["user"])
            yield make_conninfo(dsn, host="127.0.0.1", port=listen, password=users[user])
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            await listening


async def _listen(process: asyncio.subprocess.Process, output: list[str]) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        output.append(line.decode())
