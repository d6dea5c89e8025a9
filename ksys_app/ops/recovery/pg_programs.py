"""Finds ``pg_dump`` and ``pg_restore`` in a suitable version, and runs them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ksys_app.driver.connection import KEEPALIVE
from ksys_app.driver.supervised import until_unreachable
from ksys_app.errors import BackupFailed, ConfigError, DatabaseTimeout
from ksys_app.settings import safe_dsn

Program = Literal["pg_dump", "pg_restore"]
# The folders in which Debian and Red Hat install several versions.
FOLDERS: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
# A shell runs the program and reads a pipe from this process. The pipe closes when this process
# closes it or ends for any reason. Then the shell asks the program to end, and the program cancels
# its statement on the server. This works on every system with a shell; a signal at the death of the
# parent process exists only on Linux.
LEASH: Final = """
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _ <&3; kill "$program"; sleep 5; kill -9 "$program"; } >/dev/null 2>&1 &
leash=$!
exec 3<&-
wait "$program"
status=$?
kill "$leash"
exit "$status"
"""


class ClientProgram(NamedTuple):
    """An installed program and its major version."""

    path: str
    major: int


async def find(program: Program, server: int) -> ClientProgram:
    """The program of the server's major version, else of the next newer version.

    Args:
        program: name of the program.
        server: major version of the server.

    Raises:
        ConfigError: no such program is installed; the message names the package.
    """
    installed = [found for path in _candidates(program) if (found := await _version(path))]
    return choose(program, server, installed)


def choose(program: Program, server: int, installed: Iterable[ClientProgram]) -> ClientProgram:
    """The oldest program that is not older than the server. Raises as :func:`find`."""
    ordered = sorted(installed, key=lambda found: found.major)
    for found in ordered:
        if found.major >= server:
            return found
    state = f"only {program} {ordered[-1].major} is installed" if ordered else f"no {program} is"
    raise ConfigError(
        f"the server is PostgreSQL {server} and {state}; install postgresql-client-{server} "
        "(Debian, Ubuntu) and try again"
    )


def _candidates(program: Program) -> list[str]:
    first = shutil.which(program)
    others = [
        path
        for pattern in FOLDERS
        for path in map(str, Path("/").glob(f"{pattern.lstrip('/')}/{program}"))
        if os.access(path, os.X_OK)
    ]
    return ([first] if first else []) + others


async def _version(path: str) -> ClientProgram | None:
    process = await asyncio.create_subprocess_exec(
        path, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    match = re.search(rb"\(PostgreSQL\) (\d+)", out)
    return ClientProgram(path, int(match[1])) if match else None


async def run(program: ClientProgram, dsn: str, *arguments: str) -> None:
    """Run a program on a database; the program ends if the call is cancelled or this process ends.

    Raises:
        BackupFailed: the program failed; the message has its last output.
        DatabaseTimeout: the server no longer answers.
    """
    parts = {
        key: str(value)
        for key, value in (KEEPALIVE | conninfo_to_dict(dsn)).items()
        if value is not None
    }
    # Every user of the machine can read the arguments of a process, but not its environment.
    secret = {"PGPASSWORD": parts.pop("password")} if "password" in parts else {}
    read_end, write_end = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", LEASH, "sh"),
            *(program.path, "--no-password", f"--dbname={make_conninfo(**parts)}"),
            *arguments,
            env={**os.environ, **secret},
            stdin=read_end,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in a terminal must reach only this process, which then ends the program.
            start_new_session=True,
        )
    except OSError as error:
        os.close(write_end)
        raise BackupFailed(f"{program.path} cannot be started: {error.strerror}") from error
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    communication = asyncio.create_task(process.communicate())
    watch = asyncio.create_task(until_unreachable(dsn))
    try:
        await asyncio.wait([communication, watch], return_when=asyncio.FIRST_COMPLETED)
        if not communication.done():
            raise DatabaseTimeout(f"{safe_dsn(dsn)} gives no sign of life any more; try again")
        _, output = communication.result()
    finally:
        watch.cancel()
        communication.cancel()
        os.close(write_end)
        await process.wait()
    if process.returncode:
        raise BackupFailed(f"{Path(program.path).name} failed: {_reason(output.decode())}")


def _reason(output: str) -> str:
    lines = [line.split(": ", 1)[-1] for line in output.splitlines() if "error: " in line]
    return "; ".join(line.removeprefix("error: ") for line in lines[:2]) or output.strip()[-300:]
