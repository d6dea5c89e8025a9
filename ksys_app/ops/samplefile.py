"""Files of samples: ``ts,tag_name,value[,qc,meta]`` as CSV, plain or gzip, read line by line.

One sample is one line, so that a quote that never ends spoils that line and no other. A line that
is no sample is told with its number and passed over; only a first line that does not name the
columns, and a file that cannot be read on, end the reading.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import select
import stat
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, NamedTuple, TypeVar, cast

from ksys_app.errors import ConfigError
from ksys_app.ops import cells

T = TypeVar("T")
REQUIRED: Final = ("ts", "tag_name", "value")
OPTIONAL: Final = ("qc", "meta")
EXPECTED: Final = "ts,tag_name,value[,qc,meta]"
GZIP_MAGIC: Final = b"\x1f\x8b"
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK: Final = b"\xef\xbb\xbf"
SMALLINT: Final = 2**15
MAX_LINE: Final = 2**20
"""Longest line, bytes; what is longer is told as bad and never held in memory."""
BUFFER: Final = 2**16
WAIT_S: Final = 0.2
"""How often a silent standard input is left to see whether to stop."""


class FileSample(NamedTuple):
    """A sample of a file; ``ts`` is UTC, ``meta`` None where the file says nothing."""

    ts: datetime
    tag_name: str
    value: float
    qc: int = 0
    meta: dict[str, Any] | None = None


class BadLine(NamedTuple):
    """A line that is no sample, and why; ``text`` is how it begins."""

    line: int
    reason: str
    text: str = ""


class SampleFile:
    """An open file of samples; begin it, then iterate over it once.

    Attributes:
        name: how to name it to people.
        size: its bytes as stored, None where that is not known.
        line: number of the line read last.
        length: bytes of the lines read, unpacked.
        columns: those of its first line, once begun.
    """

    def __init__(self, name: str, raw: IO[bytes], size: int | None) -> None:
        """Take ``raw``, unbuffered, as the bytes stored."""
        self.name, self.size = name, size
        self.line = self.length = 0
        self.columns: list[str] = []
        self._raw = raw
        stored = io.BufferedReader(cast("io.RawIOBase", raw), BUFFER)
        start = stored.peek(2)[:2]
        self._is_utf16 = start in UTF16_MARKS
        unpacked = gzip.GzipFile(fileobj=stored) if start == GZIP_MAGIC else None
        self._lines: BinaryIO = io.BufferedReader(unpacked, BUFFER) if unpacked else stored
        self._contents = self._read_lines()

    @property
    def position(self) -> int:
        """Bytes read so far, as stored; 0 where that is not known."""
        return self._raw.tell() if self.size is not None else 0

    def __iter__(self) -> Generator[FileSample | BadLine, None, None]:
        """Its samples and bad lines, in its order.

        Raises:
            ConfigError: it cannot be read on.
        """
        with self._told():
            for content in self._contents:
                if isinstance(content, BadLine):
                    yield content
                    continue
                try:
                    yield _sample(self.columns, _cells(content))
                except ValueError as error:
                    yield BadLine(self.line, str(error), content[:1000])

    def begin(self) -> None:
        """Read the line with the columns.

        Raises:
            ConfigError: it cannot be read, or its first line does not name the columns.
        """
        with self._told():
            first = next(self._contents, None)
        if first is None:
            raise ConfigError(f"{self.name} is empty; its first line must be {EXPECTED}")
        if isinstance(first, BadLine):
            raise ConfigError(f"{self.name}: its first line {first.reason}")
        self.columns = _header(self.name, first)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What can go wrong with reading, as errors of ours."""
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ConfigError(f"{self.name} is damaged after line {self.line}: {error}") from error
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def _read_lines(self) -> Iterator[str | BadLine]:
        """Each line that is not blank as text without its end."""
        while line := self._lines.readline(MAX_LINE):
            self.line += 1
            self.length += len(line)
            if self.line == 1:
                line = line.removeprefix(UTF8_MARK)
            if len(line) >= MAX_LINE and not line.endswith(b"\n"):
                begin = line[:1000].decode(errors="replace")
                while line and not line.endswith(b"\n"):
                    line = self._lines.readline(MAX_LINE)
                yield BadLine(self.line, f"is longer than {MAX_LINE:,} bytes", begin)
                continue
            try:
                content = line.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                what = " but UTF-16; save it as CSV UTF-8" if self._is_utf16 else ""
                text = line[:1000].decode(errors="replace").rstrip()
                yield BadLine(self.line, f"is not UTF-8 text{what}", text)
                continue
            if content and not content.isspace():
                yield content


def read(path: Path) -> Generator[FileSample | BadLine, None, None]:
    """The samples of a file in its order, one line in memory at a time.

    Raises:
        ConfigError: the file cannot be read, or its first line does not name the columns.
    """
    with opened(path) as file:
        yield from file


@contextmanager
def opened(path: Path | None, stopped: Callable[[], bool] = lambda: False) -> Iterator[SampleFile]:
    """A file of samples, open for reading, its columns known.

    Args:
        path: the file; None for standard input.
        stopped: asked while standard input is silent; once true, it counts as ended.

    Raises:
        ConfigError: it cannot be read, or its first line does not name the columns.
    """
    name = "standard input" if path is None else str(path)
    try:
        raw = _Waiting(stopped) if path is None else path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(name, error) from error
    with raw:
        try:
            info = os.fstat(raw.fileno())
            file = SampleFile(name, raw, info.st_size if stat.S_ISREG(info.st_mode) else None)
        except OSError as error:
            raise _unreadable(name, error) from error
        file.begin()
        yield file


class _Waiting(io.FileIO):
    """Standard input, read in a way that can be told to stop."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        super().__init__(0, closefd=False)
        self._stopped = stopped

    def readinto(self, buffer: Any) -> int | None:
        while not self._stopped():
            if select.select([self], [], [], WAIT_S)[0]:
                return super().readinto(buffer)
        return 0


def _unreadable(name: str, error: OSError) -> ConfigError:
    return ConfigError(f"{name} cannot be read: {error.strerror or error}")


def _cells(content: str) -> list[str]:
    if '"' not in content:
        return content.split(",")
    try:
        return next(csv.reader([content], strict=True))
    except csv.Error as error:
        raise ValueError(f"is not CSV: {error}") from None


def _header(name: str, content: str) -> list[str]:
    try:
        names = [cell.strip() for cell in _cells(content)]
    except ValueError:
        names = [content]
    known = set(REQUIRED) | set(OPTIONAL)
    if set(REQUIRED) - set(names) or set(names) - known or len(set(names)) != len(names):
        first = ",".join(names)[:80]
        raise ConfigError(f"{name}: its first line must be {EXPECTED}, and is {first!r}")
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
        _at("meta", cells.json_object, meta) if meta else None,
    )


def _time(cell: str) -> datetime:
    try:
        ts = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise ValueError(f"{cell[:40]!r} is not a time such as 2025-08-15T16:26:07Z") from None
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
