"""A replay of the samples of a file, without a database (PRD §32.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ksys_app.domain.alarms.times import microseconds
from ksys_app.domain.ingest import EARLIEST
from ksys_app.errors import NoRows
from ksys_app.ops.alarms import settings_file
from ksys_app.ops.alarms.journal_file import JournalFile
from ksys_app.ops.alarms.replay import Counts, Replay
from ksys_app.ops.files import samplefile
from ksys_app.ops.files.dialect import Reading
from ksys_app.ops.files.textlines import BadLine
from ksys_app.ops.masterdata import qc_csv
from ksys_app.ops.masterdata.qc_table import RULES

STEP_LINES: Final = 20_000
TOO_OLD: Final = f"ts: is before {EARLIEST:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a replay.

    Attributes:
        samples: ``ts,tag_name,value[,qc,meta]``, plain or gzip, in the order of arrival.
        rules: the rule file.
        settings: settings of alarms; None for the defaults.
        out: the journal.
        reading: how to read the files.
    """

    samples: Path
    rules: Path
    settings: Path | None
    out: Path
    reading: Reading


@dataclass(frozen=True, slots=True)
class Listener:
    """Callbacks of a replay.

    Attributes:
        on_read: called regularly with the number of lines, the bytes read and all bytes.
        on_bad: called with each line that is not a sample.
    """

    on_read: Callable[[int, int, int | None], None]
    on_bad: Callable[[BadLine], None]


def replay(files: Files, until: datetime | None, listener: Listener) -> Counts:
    """Judge the samples of a file and write the journal.

    A line that is not a sample is reported to ``listener`` and skipped. A sample without a usable
    value is a bad sample.

    Args:
        files: the files.
        until: the last moment of the clock; None for the newest sample.
        listener: callbacks.

    Raises:
        ConfigError: a file cannot be read, its first line is wrong, or cells of rules or settings
            are wrong; the journal is not written.
        NoRows: no line is a sample.
    """
    rules = qc_csv.read(files.rules, RULES, files.reading)
    settings = {} if files.settings is None else settings_file.read(files.settings)
    until_us = None if until is None else microseconds(until)
    with (
        samplefile.opened(files.samples, files.reading) as file,
        JournalFile(files.out) as journal,
    ):
        work = Replay(rules, settings, until_us, journal)
        samples = 0
        first: BadLine | None = None
        for item in file:
            if not isinstance(item, BadLine) and item.ts < EARLIEST:
                item = BadLine(file.line, TOO_OLD, file.text)
            if isinstance(item, BadLine):
                first = first or item
                listener.on_bad(item)
                continue
            work.feed(item.tag_name, microseconds(item.ts), item.value, item.qc)
            samples += 1
            if not samples % STEP_LINES:
                listener.on_read(samples, file.position, file.size)
        if not samples:
            why = f" (line {first.line}: {first.reason})" if first else ""
            raise NoRows(f"no line of {file.name} is a sample{why}")
        return work.finish()
