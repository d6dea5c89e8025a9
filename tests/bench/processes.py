"""Processor time and memory of processes, from ``/proc``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def processor_s(pids: Iterable[int]) -> float:
    """Seconds of processor time of these processes so far, to the microsecond.

    It is the sum over the threads that are alive: the app's threads live as long as the app.
    """
    nanoseconds = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # this thread has just ended
                nanoseconds += int(task.read_text("ascii").split()[0])
    return nanoseconds / 1e9


def memory_mib(pids: Iterable[int]) -> float:
    """Resident memory of these processes, MiB."""
    found = 0
    for pid in pids:
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text("ascii")
            resident = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
            found += int(resident[1]) if resident else 0
    return found / 1024
