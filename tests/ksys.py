"""Runs the ``ksys`` command in a separate process, as a person runs it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.waiting import HANGS_S

# The installed program; its imports take most of a second.
KSYS = Path(sys.executable).with_name("ksys")

# Bytes; a longer line in the output of a command would end the reading of it.
LONGEST_LINE = 2**20
# A process that has imported what commands need; each command is a fork of it.
_imported = multiprocessing.get_context("forkserver")
COMMANDS = [
    *("psycopg", "pydantic_settings", "rich.markdown", "rich.progress", "typer.rich_utils"),
    *("ksys_app.cli", "ksys_app.ops.recovery.restore", "ksys_app.ops.verify.judgement"),
]
# All that ``ksys run`` imports before ksys_app.ksys_app, which reads the configuration of Reflex.
APP = [
    *("ksys_app.ops.serving.production", "ksys_app.api.app", "ksys_app.api.start_page"),
    *("ksys_app.pages", "ksys_app.edge", "ksys_app.built", "ksys_app.events.gate"),
    *("ksys_app.wall.wall", "ksys_app.states.failure"),
]
_imported.set_forkserver_preload(COMMANDS)
# The end of a process can be read once, and every start looks which processes have ended.
_one_reads = threading.Lock()


def import_app() -> None:
    """Let commands start with the modules of the app too; call it before the first command."""
    _imported.set_forkserver_preload(COMMANDS + APP)


class Running:
    """A command that goes on running, with the methods of a process of asyncio.

    Attributes:
        pid: its process id.
        stdout: its standard output and standard error.
    """

    def __init__(self, process: multiprocessing.process.BaseProcess, out: Connection) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self.stdout = asyncio.StreamReader(LONGEST_LINE)
        self._process = process
        self._out = out

    @classmethod
    async def start(cls, *arguments: str, environment: Mapping[str, str]) -> Running:
        """Start ``ksys`` with these arguments and this environment."""
        out, written = _imported.Pipe(duplex=False)
        process = _imported.Process(
            target=_run_into, args=(arguments, environment, written), daemon=True
        )
        await asyncio.to_thread(_start, process)
        written.close()
        command = cls(process, out)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(command.stdout), out
        )
        return command

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while the command runs."""
        with _one_reads:
            return self._process.exitcode

    async def wait(self) -> int:
        """Wait for the end of the command; its exit code."""
        while (code := self.returncode) is None:  # noqa: ASYNC110 - cancellable
            await asyncio.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the command has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the command at once."""
        with _one_reads:
            self._process.kill()


async def ksys(*arguments: str, typed: str = "", **settings: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command with that standard input."""
    return await asyncio.to_thread(_ended, arguments, os.environ | settings, typed)


def _ended(
    arguments: tuple[str, ...], environment: Mapping[str, str], typed: str
) -> tuple[int, str, str]:
    with tempfile.TemporaryDirectory() as folder:
        stdin, out, err = (Path(folder, name) for name in ("in", "out", "err"))
        stdin.write_text(typed, "utf-8")
        process = _imported.Process(target=_run, args=(arguments, environment, stdin, out, err))
        _start(process)
        ended = wait([process.sentinel], HANGS_S)
        with _one_reads:
            if not ended:
                process.kill()
                raise AssertionError(f"ksys {' '.join(arguments)} hangs")
            code = process.exitcode
        assert code is not None
        return code, out.read_text("utf-8"), err.read_text("utf-8")


def _start(process: multiprocessing.process.BaseProcess) -> None:
    """Start a process; the first one waits for the imports."""
    with _one_reads:
        process.start()


def _run(
    arguments: tuple[str, ...], environment: Mapping[str, str], stdin: Path, out: Path, err: Path
) -> None:
    """Run the command in this process, with these files as its input and output."""
    sys.stdin = stdin.open(encoding="utf-8")
    for file, number in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    _main(arguments, environment)


def _run_into(
    arguments: tuple[str, ...], environment: Mapping[str, str], written: Connection
) -> None:
    """Run the command in this process, with its output in a pipe."""
    for number in (1, 2):
        os.dup2(written.fileno(), number)
    written.close()
    _main(arguments, environment)


def _main(arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Run the command in this process, with its environment, folder and arguments."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir("/")
    sys.argv = ["ksys", *arguments]
    # The consoles look at environment and output when these modules are imported.
    for name in list(sys.modules):
        if name.startswith(("ksys_app.cli", "ksys_app.commands")):
            del sys.modules[name]
    from ksys_app.__main__ import main

    main()
