"""Runs the ``ksys`` command in a separate process, as a person runs it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.waiting import HANGS_S

# The installed program; its imports take most of a second.
KSYS = Path(sys.executable).with_name("ksys")

# A process that has imported nearly everything; each command is a fork of it. The consoles of
# ksys_app.commands look at environment and output once, so each command imports these itself.
_imported = multiprocessing.get_context("forkserver")
_imported.set_forkserver_preload(
    [
        *("psycopg", "pydantic_settings", "rich.markdown", "rich.progress", "typer.rich_utils"),
        *("ksys_app.ops.recovery.restore", "ksys_app.ops.verify.judgement"),
    ]
)


async def ksys(*arguments: str, typed: str = "", **settings: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command with that standard input."""
    return await asyncio.to_thread(_ended, arguments, os.environ | settings, typed)


def _ended(
    arguments: tuple[str, ...], environment: Mapping[str, str], typed: str
) -> tuple[int, str, str]:
    with tempfile.TemporaryDirectory() as folder:
        given, out, err = (Path(folder, name) for name in ("in", "out", "err"))
        given.write_text(typed, "utf-8")
        process = _imported.Process(target=_run, args=(arguments, environment, given, out, err))
        process.start()
        process.join(HANGS_S)
        process.kill()
        assert process.exitcode is not None, f"ksys {' '.join(arguments)} hangs"
        return process.exitcode, out.read_text("utf-8"), err.read_text("utf-8")


def _run(
    arguments: tuple[str, ...], environment: Mapping[str, str], given: Path, out: Path, err: Path
) -> None:
    """Run the command in this process, with its environment, folder, files and arguments."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir("/")
    sys.stdin = given.open(encoding="utf-8")
    for file, number in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["ksys", *arguments]
    from ksys_app.__main__ import main

    main()
