"""The reject file of a backfill: each line that is no sample, with its number and the reason."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from ksys_app.errors import ConfigError
from ksys_app.ops.samplefile import BadLine

COLUMNS: Final = ("line", "reason", "text")


class Rejects:
    """Bad lines on their way to a CSV file, which is made with the first of them.

    Attributes:
        path: the file.
        count: lines so far.
        first: the first of them.
    """

    def __init__(self, path: Path) -> None:
        """Take the file's path.

        Raises:
            ConfigError: something else than a reject file is there.
        """
        self.path = path
        self.count = 0
        self.first: BadLine | None = None
        self._file: IO[str] | None = None
        self._writer: Any = None
        if path.exists() and not _is_ours(path):
            raise ConfigError(f"{path} is not a reject file; name another one with --reject")

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, bad: BadLine) -> None:
        """Write a line.

        Raises:
            ConfigError: the file cannot be written.
        """
        try:
            if self._file is None:
                self.first = bad
                self._file = self.path.open("w", encoding="utf-8", errors="replace", newline="")
                self._writer = csv.writer(self._file, lineterminator="\n")
                self._writer.writerow(COLUMNS)
            self._writer.writerow(bad)
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from error
        self.count += 1


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(100).rstrip("\n") in ("", ",".join(COLUMNS))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
