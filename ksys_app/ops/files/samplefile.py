"""Files of samples: ``ts,tag_name,value[,qc,meta]`` as CSV, plain or gzip, read line by line.

One sample is one line, so an open quote affects only its line. A line that is not a sample is
reported with its number and skipped. Reading ends with an error only if the first line does not
name the columns, if numbers could be read in two ways, or if the file cannot be read further.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from ksys_app.domain.ingest import EARLIEST, MAX_MAGNITUDE, MIN_MAGNITUDE, Unusable
from ksys_app.errors import ConfigError
from ksys_app.models.samples import NewSample
from ksys_app.ops.files import cells, dialect, textlines
from ksys_app.ops.files.dialect import PLAIN, Decimals, Header, Reading
from ksys_app.ops.files.rejects import is_note
from ksys_app.ops.files.textlines import BadLine, Line, TextFile

T = TypeVar("T")
REQUIRED: Final = ("ts", "tag_name", "value")
OPTIONAL: Final = ("qc", "meta")
EXPECTED: Final = "ts,tag_name,value[,qc,meta]"
NO_VALUE: Final = {
    *("", "nan", "inf", "infinity"),
    *(f"{sign}{word}" for sign in "+-" for word in ("nan", "inf", "infinity")),
}
"""Cells of a sample without a usable value, in lower case."""
SMALLINT: Final = 2**15
PROBE: Final = 1000
"""How many lines are read to detect the decimal sign, if it is not obvious."""


UNUSABLE: Final = {
    Unusable.NOT_FINITE: "value: is not a finite number",
    Unusable.MAGNITUDE: f"value: is beyond {MAX_MAGNITUDE:g}, or within {MIN_MAGNITUDE:g} of zero",
    Unusable.TOO_OLD: f"ts: is before {EARLIEST:%Y-%m-%d}",
    Unusable.AHEAD: "ts: is further ahead of the database's clock than KSYS_MAX_AHEAD_S allows",
}


class SampleFile:
    """An open file of samples; call :meth:`begin`, then iterate over it once.

    Attributes:
        name: name of the file for messages.
        size: bytes of the file as it is stored, None if unknown.
        line: number of the last line read.
        text: the last line read.
        first: the line that names the columns, after :meth:`begin`.
        encoding: encoding of the file.
        length: number of characters read.
    """

    def __init__(self, text: TextFile) -> None:
        """Read samples from an open text file."""
        self.name, self.size = text.name, text.size
        self.encoding = text.encoding
        self.line = self.length = 0
        self.text = self.first = ""
        self._text = text
        self._lines = iter(text)
        self._header = Header([], ",", 0)
        self._decimal: dialect.Decimal | None = None
        self._without_value = False

    @property
    def position(self) -> int:
        """Bytes read of the file as it is stored; 0 if unknown."""
        return self._text.position

    @property
    def columns(self) -> list[str]:
        """The columns in the first line, after :meth:`begin`."""
        return self._header.names

    def __iter__(self) -> Generator[NewSample | BadLine, None, None]:
        """The samples and bad lines in the order of the file.

        Raises:
            ConfigError: the file cannot be read further.
        """
        for item in self._lines:
            if isinstance(item, BadLine):
                self.line = item.line
                yield item
                continue
            self.line, self.text = item.number, item.text
            self.length += len(item.text)
            if is_note(item.text):
                continue
            try:
                row = dialect.row(self._header, dialect.split(item.text, self._header.separator))
                if row is not None:
                    yield self._sample(row)
            except ValueError as error:
                yield BadLine(item.number, str(error), item.text)

    def unusable(self, reason: Unusable) -> BadLine:
        """The last line read as a bad line, because its sample is not usable."""
        return BadLine(self.line, UNUSABLE[reason], self.text)

    def begin(self, reading: Reading) -> None:
        """Read the line with the columns, and further lines until the decimal sign is detected.

        Raises:
            ConfigError: the file cannot be read, its first line does not name the columns, or its
                numbers could be read in two ways.
        """
        first = self._first()
        separator = dialect.declared(first)
        if separator is not None:
            first = self._first()
        self._header = self._named(first, separator)
        self.first = first
        self._without_value = reading.without_value
        self._decimal = reading.decimal or self._probe()
        format_text = dialect.describe(self._text.encoding, self._header.separator, self._decimal)
        if format_text:
            reading.report(f"{self.name}: {format_text}")

    def _first(self) -> str:
        first = next(self._lines, None)
        if first is None:
            raise ConfigError(f"{self.name} is empty; its first line must be {EXPECTED}")
        if isinstance(first, BadLine):
            raise ConfigError(f"{self.name}: its first line {first.reason}")
        self.line = first.number
        return first.text

    def _named(self, first: str, separator: str | None) -> Header:
        expected = {*REQUIRED, *OPTIONAL}
        found = dialect.header(first, expected, separator)
        names = found.names
        if set(REQUIRED) - set(names) or set(names) - expected or len(set(names)) != len(names):
            raise ConfigError(
                f"{self.name}: its first line must be {EXPECTED}, with commas, semicolons or tabs "
                f"between them, and is {first[:80]!r}"
            )
        return found

    def _probe(self) -> dialect.Decimal | None:
        """The decimal sign of the first numbers; iteration returns their lines again."""
        if self._header.separator == ",":
            return "."
        lines: list[Line | BadLine] = []
        decimals = Decimals()
        at = self.columns.index("value")
        for item in self._lines:
            lines.append(item)
            if isinstance(item, Line) and is_note(item.text):
                continue
            if isinstance(item, Line) and decimals.examine(self._cell(item, at)):
                break
            if len(lines) == PROBE:
                break
        self._lines = chain(lines, self._lines)
        try:
            return decimals.sign()
        except ValueError as error:
            raise ConfigError(f"{self.name}: {error}") from None

    def _cell(self, line: Line, at: int) -> str:
        try:
            return dialect.split(line.text, self._header.separator)[at]
        except (ValueError, IndexError):
            return ""

    def _sample(self, row: dict[str, str]) -> NewSample:
        qc, meta = row.get("qc"), row.get("meta")
        return NewSample(
            _at("ts", _time, row["ts"]),
            _at("tag_name", cells.name, row["tag_name"]),
            _at("value", self._number, row["value"]),
            _at("qc", _code, qc) if qc else 0,
            _at("meta", cells.json_object, meta) if meta else None,
        )

    def _number(self, cell: str) -> float:
        if self._without_value and cell.strip().lower() in NO_VALUE:
            return math.nan
        return cells.number(dialect.plain(cell, self._decimal))


def read(path: Path) -> Generator[NewSample | BadLine, None, None]:
    """The samples of a file in its order, one line in memory at a time.

    Raises:
        ConfigError: as for :func:`opened`.
    """
    with opened(path) as file:
        yield from file


@contextmanager
def opened(
    path: Path | None,
    reading: Reading = PLAIN,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[SampleFile]:
    """An open file of samples whose header has been read.

    Args:
        path: the file; None for standard input.
        reading: how to read the file.
        stopped: called while standard input is silent; True ends the input.

    Raises:
        ConfigError: the file cannot be read, its first line does not name the columns, or its
            numbers could be read in two ways.
    """
    with textlines.opened(path, reading.encoding, stopped) as text:
        file = SampleFile(text)
        file.begin(reading)
        yield file


def _time(cell: str) -> datetime:
    try:
        ts = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise ValueError(
            f"{cell[:40]!r} is not a time with its zone such as 2025-08-15T16:26:07Z"
        ) from None
    if ts.tzinfo is UTC:
        return ts
    if ts.tzinfo is None:
        raise ValueError(f"{cell[:40]!r} has no time zone; write 2025-08-15T16:26:07Z")
    try:
        return ts.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{cell[:40]!r} is out of range") from None


def _at(column: str, parse: Callable[[str], T], cell: str) -> T:
    try:
        return parse(cell)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def _code(cell: str) -> int:
    return cells.integer(cell, -SMALLINT, SMALLINT - 1)
