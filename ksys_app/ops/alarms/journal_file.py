"""Writes a journal of alarms to a CSV file, ordered by time, tag and condition (PRD §32.2)."""

from __future__ import annotations

import csv
import heapq
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from ksys_app.domain.alarms.sources import journal_order
from ksys_app.domain.alarms.times import moment
from ksys_app.errors import ConfigError
from ksys_app.models.alarms import ProcessEvent
from ksys_app.ops.masterdata.qc_table import show

COLUMNS: Final = (
    *("ts", "tag_name", "condition", "level", "raised_at", "event", "value", "limit_value"),
)
RUN_ROWS: Final = 100_000
"""Most rows in memory; further rows go to temporary files."""


class JournalFile:
    """Collects the rows of a journal in any order, and writes them sorted on exit.

    Rows of one tag are added in their order, and rows of equal time, tag and condition keep it.
    After an error, no file is written.

    Attributes:
        path: the file.
        count: number of added rows.
        through: a filter over all rows in order; it returns the rows to write.
    """

    def __init__(self, path: Path, run_rows: int = RUN_ROWS) -> None:
        """Prepare the file.

        Args:
            path: path of the file, which is replaced.
            run_rows: most rows in memory.
        """
        self.path, self.count = path, 0
        self._rows: list[ProcessEvent] = []
        self.through: Callable[[Iterable[ProcessEvent]], Iterable[ProcessEvent]] = iter
        self._run_rows = run_rows
        self._runs: list[IO[str]] = []

    def __enter__(self) -> JournalFile:
        """Check that the folder exists, before long work."""
        if not self.path.absolute().parent.is_dir():
            raise ConfigError(f"{self.path} cannot be written: its folder does not exist")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._write()
        except OSError as failure:
            raise ConfigError(f"{self.path} cannot be written: {failure.strerror}") from failure
        finally:
            for run in self._runs:
                run.close()

    def add(self, rows: Sequence[ProcessEvent]) -> None:
        """Add rows of one tag, in their order."""
        self.count += len(rows)
        self._rows += rows
        if len(self._rows) >= self._run_rows:
            self._runs.append(_spill(sorted(self._rows, key=journal_order)))
            self._rows = []

    def _write(self) -> None:
        runs: list[Iterable[ProcessEvent]] = [_load(run) for run in self._runs]
        ordered = heapq.merge(*runs, sorted(self._rows, key=journal_order), key=journal_order)
        folder = self.path.absolute().parent
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{self.path.name}.") as scratch:
            written = Path(scratch) / self.path.name
            with written.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS)
                writer.writerows(map(_cells, self.through(ordered)))
            os.replace(written, self.path)


def _spill(rows: list[ProcessEvent]) -> IO[str]:
    file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
    file.writelines(json.dumps(astuple(row)) + "\n" for row in rows)
    file.seek(0)
    return file


def _load(file: IO[str]) -> Iterator[ProcessEvent]:
    return (ProcessEvent(*json.loads(line)) for line in file)


def _cells(row: ProcessEvent) -> tuple[str, ...]:
    times = (_text(row.ts_us), _text(row.raised_at_us))
    figures = (show(row.value), show(row.limit_value))
    return (
        *(times[0], row.tag_name, row.condition, row.level, times[1], row.event),
        *figures,
    )


def _text(us: int) -> str:
    return moment(us).isoformat(timespec="microseconds")
