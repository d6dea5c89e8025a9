"""Files of samples: ``ts,tag_name,value[,qc,meta]`` as CSV, plain or gzip, read line by line."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final, TypeVar, cast

from ksys_app.errors import ConfigError
from ksys_app.ops import cells

T = TypeVar("T")
REQUIRED: Final = ("ts", "tag_name", "value")
OPTIONAL: Final = ("qc", "meta")
EXPECTED: Final = "ts,tag_name,value[,qc,meta]"
GZIP_MAGIC: Final = b"\x1f\x8b"
SMALLINT: Final = 2**15


@dataclass(frozen=True, slots=True)
class FileSample:
    """A sample of a file; ``ts`` is UTC."""

    ts: datetime
    tag_name: str
    value: float
    qc: int = 0
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no sample, and why."""

    line: int
    reason: str


def read(path: Path) -> Generator[FileSample | BadLine, None, None]:
    """The samples of a file in its order, one line in memory at a time.

    Raises:
        ConfigError: the file cannot be read, or its first line does not name the columns.
    """
    try:
        with _opened(path) as lines:
            yield from _samples(path, csv.reader(lines))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(f"{path} is damaged: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error


def _opened(path: Path) -> IO[str]:
    with path.open("rb") as probe:
        zipped = probe.read(2) == GZIP_MAGIC
    opened = gzip.open if zipped else open
    raw = cast("IO[bytes]", opened(path, "rb"))
    return TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _samples(path: Path, reader: Any) -> Iterator[FileSample | BadLine]:
    header: list[str] | None = None
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield BadLine(reader.line_num, f"is not CSV: {error}")
            continue
        if not row:
            continue
        if header is None:
            header = _header(path, row)
            continue
        try:
            yield _sample(header, row)
        except ValueError as error:
            yield BadLine(reader.line_num, str(error))
    if header is None:
        raise ConfigError(f"{path} is empty; its first line must be {EXPECTED}")


def _header(path: Path, row: list[str]) -> list[str]:
    names = [cell.strip() for cell in row]
    known = set(REQUIRED) | set(OPTIONAL)
    if set(REQUIRED) - set(names) or set(names) - known or len(set(names)) != len(names):
        first = ",".join(names)[:80]
        raise ConfigError(f"{path}: its first line must be {EXPECTED}, and is {first!r}")
    return names


def _sample(header: list[str], row: list[str]) -> FileSample:
    if len(row) != len(header):
        raise ValueError(f"has {len(row)} cells, the first line {len(header)}")
    by_name = dict(zip(header, row, strict=True))
    qc, meta = by_name.get("qc"), by_name.get("meta")
    return FileSample(
        _at("ts", _time, by_name["ts"]),
        _at("tag_name", cells.name, by_name["tag_name"]),
        _at("value", cells.number, by_name["value"]),
        _at("qc", _code, qc) if qc else 0,
        _at("meta", cells.json_object, meta) if meta else {},
    )


def _time(cell: str) -> datetime:
    try:
        ts = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise ValueError(f"{cell[:40]!r} is not a time such as 2025-08-15T16:26:07Z") from None
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
