"""The reject file of a backfill: each line that is no sample as it stood, below why it is none.

It can be mended and backfilled in its turn: its first line is that of the file, and the lines that
say why are passed over.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from ksys_app.errors import ConfigError
from ksys_app.ops.files.textlines import BadLine
from ksys_app.utils import private

# A spreadsheet may put it in quotes.
_NOTE: Final = re.compile(r'"?# line \d+: ')
# The first line of such files of earlier versions.
_EARLIER: Final = "line,reason,text"


def is_note(text: str) -> bool:
    """Whether a line says why the next one was rejected."""
    return text.startswith(("# line ", '"# line ')) and _NOTE.match(text) is not None


class Rejects:
    """Bad lines on their way to a file, which is made with the first of them.

    Attributes:
        path: the file.
        count: lines so far.
        first: the first of them.
    """

    def __init__(
        self, path: Path, header: str = "ts,tag_name,value", *, marked: bool = False
    ) -> None:
        """Take what the file is made of.

        Args:
            path: where it is.
            header: its first line, that of the file that the lines are from.
            marked: whether to mark it as UTF-8, which those lines were not.

        Raises:
            ConfigError: something else than a reject file is there.
        """
        self.path = path
        self.count = 0
        self.first: BadLine | None = None
        self._begin = (codecs.BOM_UTF8.decode() if marked else "") + header
        self._file: IO[str] | None = None
        if not _is_ours(path):
            raise ConfigError(f"{path} is not a reject file; name another one with --reject")

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as full:
            if error is None:
                raise self._unwritable(full) from full

    def add(self, bad: BadLine) -> None:
        """Write why a line is rejected, and the line.

        Raises:
            ConfigError: the file cannot be written.
        """
        try:
            if self._file is None:
                self.first = bad
                self._file = private.open_text(self.path)
                self._file.write(f"{self._begin}\n")
            reason = " ".join(bad.reason.split())
            if bad.whole:
                self._file.write(f"# line {bad.line}: {reason}\n{bad.text}\n")
            else:
                begins = " ".join(bad.text.split())
                self._file.write(f"# line {bad.line}: {reason}; it begins: {begins}\n")
        except OSError as error:
            raise self._unwritable(error) from error
        self.count += 1

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"{self.path} cannot be written: {error.strerror}; name another file with --reject"
        )


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first, second = file.readline(10_000).rstrip("\n"), file.readline(100)
            return first in ("", _EARLIER) or is_note(second)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
