"""Checks that a database has a supported version of TimescaleDB."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ksys_app.ops.check import Check, Rows
from ksys_app.ops.tolerances import MIN_TIMESCALEDB


def extensions(rows: Rows, note: str = "") -> Iterator[Check]:
    """Check the version of TimescaleDB; the Toolkit is optional.

    Args:
        rows: the extensions.
        note: additional text about the version.
    """
    versions = {row["name"]: str(row["version"]) for row in rows}
    version = versions.get("timescaledb")
    numbers = tuple(int(n) for n in re.findall(r"\d+", version or "0.0")[:2])
    least = ".".join(map(str, MIN_TIMESCALEDB))
    ok = numbers >= MIN_TIMESCALEDB
    detail = version if ok else f"{version or 'not installed'}, {least} or newer is needed"
    yield Check("extension timescaledb", ok, f"{detail}{note}")
    toolkit = versions.get("timescaledb_toolkit")
    yield Check("extension timescaledb_toolkit", True, toolkit or "not installed, not needed")
