"""The writer of series files in CSV, with the format of PRD §8.6."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from ksys_app.api import csv_file
from ksys_app.api.file_metadata import FileMetadata
from ksys_app.domain.file_tables import (
    Column,
    Part,
    Values,
    counts,
    lines_in,
    local_times,
    numbers,
)


class CsvFile:
    """Writes a table as CSV with the format of PRD §8.6."""

    def __init__(self, metadata: FileMetadata) -> None:
        self._metadata = metadata
        heads = [csv_file.plain_text(column.name) for column in metadata.columns]
        self._head = (csv_file.BOM + csv_file.joined([heads])).encode()

    def feed(self, part: Part) -> bytes:
        """The lines of ``part`` as bytes; the first lines come with the heading."""
        head, self._head = self._head, b""
        columns = [self._texts(*pair) for pair in zip(self._metadata.columns, part, strict=True)]
        # A column of one text never ends. The column of times ends with the last line.
        lines = (",".join(line) + csv_file.END for line in zip(*columns, strict=False))
        return head + "".join(lines).encode() if lines_in(part) else head

    def end(self) -> Iterator[bytes]:
        """The heading, if no line was written; else nothing."""
        yield self._head

    def close(self) -> None:
        """Do nothing: the writer has no resource to free."""

    def _texts(self, column: Column, values: Values) -> Iterator[str]:
        if isinstance(values, str):
            text = csv_file.joined([[csv_file.plain_text(values)]]).removesuffix(csv_file.END)
            return repeat(text)
        if column.kind == "time":
            return iter(csv_file.texts(local_times(values, self._metadata.zone)))
        return iter(csv_file.texts((counts if column.kind == "count" else numbers)(values)))
