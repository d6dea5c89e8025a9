"""Text files of any size, plain or gzip, in any encoding, read line by line.

A line that cannot be decoded is reported with its number and skipped. Reading ends with an error
only if the file cannot be read further.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import select
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, NamedTuple, cast

from ksys_app.errors import ConfigError

GZIP_MAGIC: Final = b"\x1f\x8b"
MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
MAX_LINE: Final = 2**20
"""Longest line, bytes. A longer line is reported as bad and is never completely in memory."""
BUFFER: Final = 2**16
WAIT_S: Final = 0.2
"""Seconds between two checks of the stop signal while standard input is silent."""

# Half a surrogate pair cannot be encoded as UTF-8, so its line is reported as bad.
codecs.register_error("ksys_bad", lambda error: ("\udc80", getattr(error, "end", 0)))


class Line(NamedTuple):
    """A line without its end, and its number, from 1."""

    number: int
    text: str


class BadLine(NamedTuple):
    """A line that cannot be used, and the reason; ``whole``: whether ``text`` is the whole line."""

    line: int
    reason: str
    text: str = ""
    whole: bool = True


class TextFile:
    """An open text file; iterate over it once.

    Attributes:
        name: name of the file for messages.
        size: bytes of the file as it is stored, None if unknown.
        encoding: encoding of the file.
    """

    def __init__(self, name: str, raw: IO[bytes], size: int | None, encoding: str | None) -> None:
        """Open the text in ``raw``, an unbuffered stream of the stored bytes.

        Raises:
            ConfigError: its byte order mark contradicts ``encoding``.
            OSError: the stream cannot be read.
        """
        self.name, self.size = name, size
        self._raw = raw
        self._number = 0
        stored: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", raw), BUFFER)
        if stored.peek(2)[:2] == GZIP_MAGIC:
            stored = io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stored)), BUFFER)
        self._stored = stored
        with self.mapped_errors():
            self.encoding = self._choose(stored.peek(3)[:3], encoding)
        self._lines: BinaryIO = stored
        if self.encoding != "utf-8":
            self._lines = io.BufferedReader(_Recoded(stored, self.encoding), BUFFER)

    @property
    def position(self) -> int:
        """Bytes read of the file as it is stored; 0 if unknown."""
        return self._raw.tell() if self.size is not None else 0

    def __iter__(self) -> Iterator[Line | BadLine]:
        """Each line that is not blank.

        Raises:
            ConfigError: the file cannot be read further.
        """
        with self.mapped_errors():
            while line := self._lines.readline(MAX_LINE):
                self._number += 1
                if self._number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                if len(line) >= MAX_LINE and not line.endswith(b"\n"):
                    begin = line[:1000].decode(errors="replace")
                    while line and not line.endswith(b"\n"):
                        line = self._lines.readline(MAX_LINE)
                    yield BadLine(
                        self._number, f"is longer than {MAX_LINE:,} bytes", begin, whole=False
                    )
                    continue
                try:
                    text = line.decode().rstrip("\r\n")
                except UnicodeDecodeError:
                    yield BadLine(
                        self._number,
                        f"is not {self.encoding.upper()} text; save it as CSV UTF-8, or name its "
                        "encoding, e.g. --encoding cp949",
                        line[:1000].decode(errors="replace").rstrip(),
                        whole=False,
                    )
                    continue
                if text and not text.isspace():
                    yield Line(self._number, text)

    @contextmanager
    def mapped_errors(self) -> Iterator[None]:
        """Map read errors in the block to errors of the product."""
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ConfigError(
                f"{self.name} is damaged after line {self._number}: {error}"
            ) from error
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def _choose(self, start: bytes, requested: str | None) -> str:
        marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
        requested = requested and requested.removesuffix("-sig")
        if marked and requested and not requested.startswith(marked):
            raise ConfigError(f"{self.name} is marked as {marked.upper()}; leave --encoding out")
        return marked or requested or "utf-8"


class _Recoded(io.RawIOBase):
    """A stream that converts another encoding to UTF-8."""

    def __init__(self, stored: io.BufferedReader, encoding: str) -> None:
        super().__init__()
        self._stored = stored
        self._decoder = codecs.getincrementaldecoder(encoding)("ksys_bad")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        ended = False
        while not self._left and not ended:
            chunk = self._stored.read1(BUFFER)
            ended = not chunk
            self._left = self._decoder.decode(chunk, ended).encode("utf-8", "surrogatepass")
        copied = self._left[: len(buffer)]
        buffer[: len(copied)] = copied
        self._left = self._left[len(copied) :]
        return len(copied)


@contextmanager
def opened(
    path: Path | None, encoding: str | None = None, stopped: Callable[[], bool] = lambda: False
) -> Iterator[TextFile]:
    """A text file, open for reading.

    Args:
        path: the file; None for standard input.
        encoding: name of the encoding; None to use the byte order mark, or UTF-8 without one.
        stopped: called while standard input is silent; True ends the input.

    Raises:
        ConfigError: the file cannot be read, or the encoding is unknown or wrong.
    """
    name = "standard input" if path is None else str(path)
    chosen = None if encoding is None else _encoding_name(encoding)
    try:
        raw = _Waiting(stopped) if path is None else path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(name, error) from error
    with raw:
        try:
            info = os.fstat(raw.fileno())
            size = info.st_size if stat.S_ISREG(info.st_mode) else None
            file = TextFile(name, raw, size, chosen)
        except OSError as error:
            raise _unreadable(name, error) from error
        yield file


def _encoding_name(encoding: str) -> str:
    """The canonical name of an encoding.

    Raises:
        ConfigError: there is no such encoding of text.
    """
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)
    except LookupError:
        raise ConfigError(
            f"{encoding!r} is no encoding of text; say e.g. cp949, utf-8-sig or utf-16"
        ) from None
    return found.name


class _Waiting(io.FileIO):
    """Standard input, which can be stopped while it waits for data."""

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
