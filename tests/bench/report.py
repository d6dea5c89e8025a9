"""The report: its figures, and on what they were measured. It is the same in JSON."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from ksys_app import __version__, resources
from tests.bench.cost import Cost, Point
from tests.bench.figures import Figure

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when it was measured.

    Attributes:
        machine: processor, cores, memory and system.
        cores: how many cores this process may use.
        versions: of the product and of what it runs on.
        commit: of the project; ends in ``+`` if files differ from it, empty outside git.
        date: when it began, ISO 8601.
        load: load averages of the machine at the beginning, over 1, 5 and 15 minutes. A machine
            with more load than cores was busy with other work, so times are too long.
    """

    machine: str
    cores: int
    versions: Mapping[str, str]
    commit: str
    date: str
    load: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run measured.

    Attributes:
        profile: its name.
        about: what that is.
        place: where and when.
        seconds: how long it took.
        figures: in the order of the report.
        costs: how costs grow.
        notes: what was left out, and why.
    """

    profile: str
    about: str
    place: Place
    seconds: float
    figures: tuple[Figure, ...]
    costs: tuple[Cost, ...]
    notes: tuple[str, ...] = ()


class BadReport(ValueError):
    """A file is no report; says which file and why."""


def place(versions: Mapping[str, str]) -> Place:
    """This machine now, with versions of what the product itself does not know."""
    system = f"{platform.system()} {platform.machine()}"
    return Place(
        machine=f"{_processor()}, {_memory_gib():.0f} GiB, {system}",
        cores=len(os.sched_getaffinity(0)),
        versions={"ksys": __version__, "python": platform.python_version(), **versions},
        commit=_commit(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        load=os.getloadavg(),
    )


def to_json(report: Report) -> bytes:
    """The report as a file that :func:`from_json` reads."""
    return orjson.dumps({"format": FORMAT, **asdict(report)}, option=orjson.OPT_INDENT_2)


def from_json(text: bytes, name: str) -> Report:
    """The report of a file.

    Raises:
        BadReport: the text is no report of this version.
    """
    try:
        values: dict[str, Any] = orjson.loads(text)
        if values.pop("format") != FORMAT:
            raise BadReport(f"{name} is a report of another version of make bench")
        values["place"]["load"] = tuple(values["place"]["load"])
        values["place"] = Place(**values["place"])
        values["figures"] = tuple(Figure(**one) for one in values["figures"])
        values["costs"] = tuple(map(_cost, values["costs"]))
        values["notes"] = tuple(values["notes"])
        return Report(**values)
    except (TypeError, KeyError, AttributeError, orjson.JSONDecodeError) as error:
        raise BadReport(f"{name} is no report of make bench --json: {error}") from error


def _cost(values: dict[str, Any]) -> Cost:
    points = tuple(Point(**one) for one in values.pop("points"))
    return Cost(points=points, faster=tuple(values.pop("faster")), **values)


def _commit() -> str:
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    command = ("git", "-C", str(resources.ROOT), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _proc("cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _memory_gib() -> float:
    found = re.search(r"^MemTotal:\s+(\d+) kB", _proc("meminfo"), re.MULTILINE)
    return int(found[1]) / 2**20 if found else 0.0


def _proc(name: str) -> str:
    try:
        return Path("/proc", name).read_text("utf-8")
    except OSError:
        return ""
