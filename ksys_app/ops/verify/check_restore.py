"""Checks for rows that were written in restore mode, which nobody can read (PRD §27.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ksys_app.ops.check import Check, Rows

NAME: Final = "restore"


def beside_chunks(rows: Rows) -> Iterator[Check]:
    """Check that no rows were written while ``timescaledb.restoring`` was on."""
    names = ", ".join(row["name"] for row in rows)
    unseen = (
        f"{names}: rows were written beside the chunks, where no query reads them, while "
        "timescaledb.restoring was on; write them again"
    )
    yield Check(NAME, not rows, unseen if rows else "no restore is running or was interrupted")
