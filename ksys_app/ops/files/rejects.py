"""The reject file of a backfill: each line that is not a sample, unchanged, below the reason.

After its lines are corrected, the file can be backfilled: it has the first line of the original
file, and a backfill skips the lines with reasons.
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

# A spreadsheet may put the line in quotes.
_NOTE: Final = re.compile(r'"?# line \d+: ')
# The first line of reject files of earlier versions.
_EARLIER: Final = "line,reason,text"


def is_note(text: str) -> bool:
    """Whether a line is the reason for the rejection of the next line."""
    return text.startswith(("# line ", '"# line ')) and _NOTE.match(text) is not None


class Rejects:
    """Writes bad lines to a file, which is created with the first bad line.

    Attributes:
        path: the file.
        count: number of lines so far.
        first: the first bad line.
    """

    def __init__(
        self, path: Path, header: str = "ts,tag_name,value", *, marked: bool = False
    ) -> None:
        """Prepare the reject file.

        Args:
            path: path of the reject file.
            header: the first line of the original file.
            marked: whether to write a byte order mark, because the original file is not UTF-8.

        Raises:
            ConfigError: a file that is not a reject file exists at ``path``.
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
        """Write the reason and the rejected line.

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
