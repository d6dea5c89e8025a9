"""Unexpected errors: one sentence for the user, the complete traceback in a file (PRD §20)."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ksys_app import __version__
from ksys_app.errors import KsysError
from ksys_app.settings import secrets

HIDDEN: Final = "********"
LONGEST: Final = 200


def find_ksys_error(error: BaseException) -> KsysError | None:
    """The error if it is a KsysError, or the first KsysError of a group of errors; else None."""
    if isinstance(error, KsysError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(find_ksys_error, error.exceptions)), None)
    return None


def sentence(error: BaseException) -> str:
    """One sentence about any error; it names the file to which the traceback is written."""
    hide = sorted(secrets(), key=len, reverse=True)
    first = _first(error)
    what = _one_line(traceback.format_exception_only(first)[-1], hide)
    last = traceback.extract_tb(first.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
    return f"INTERNAL: unexpected error{where}: {what}; {_write_traceback(error, hide)}"


def _first(error: BaseException) -> BaseException:
    """The first error of a group of errors, or the error itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _write_traceback(error: BaseException, hide: list[str]) -> str:
    head = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} ksys {__version__}: {' '.join(sys.argv[1:])}\n"
    trace = head + "".join(traceback.format_exception(error))
    for secret in hide:
        trace = trace.replace(secret, HIDDEN)
    try:
        handle, path = tempfile.mkstemp(prefix="ksys-", suffix=".log")
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(trace)
    except OSError as full:
        return f"the traceback could not be written ({full.strerror})"
    return f"the traceback is in {path}; what to do: docs/runbooks/INTERNAL.md"


def _one_line(text: str, hide: list[str]) -> str:
    line = " ".join(text.split())
    for secret in hide:
        line = line.replace(secret, HIDDEN)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
