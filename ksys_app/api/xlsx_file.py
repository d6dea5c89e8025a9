"""The writer of series files as workbooks, with a sheet about the content (PRD §33.11)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format

from ksys_app.api.file_metadata import FileMetadata
from ksys_app.domain.file_tables import OTHER, Column, Part, Values, counts, local_times, numbers

OFFSET: Final = "utc_offset"
_CHUNK: Final = 256 * 1024
_TIME: Final = "yyyy-mm-dd hh:mm:ss"

# A column of a part: its values, and the function that writes a value into a line of the sheet.
_Cells = tuple[Iterable[Any], Callable[[int, Any], Any]]


class _AllDigits(float):
    """A number that is written with all its digits; xlsxwriter formats numbers with 16."""

    def __format__(self, spec: str) -> str:
        return float.__repr__(self)


class XlsxFile:
    """Writes a workbook. Lines go to a temporary file, so that memory does not grow with them.

    Times are local, because a workbook has no zones. The column after the first time has the
    offset from UTC. A text is never written as a formula.
    """

    def __init__(self, metadata: FileMetadata) -> None:
        self._metadata, self._line = metadata, 1
        self._folder = tempfile.TemporaryDirectory(prefix="ksys-xlsx-", ignore_cleanup_errors=True)
        self._path = Path(self._folder.name) / "file.xlsx"
        settings = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = xlsxwriter.Workbook(str(self._path), settings)
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._sheet = self._book.add_worksheet("Data")
        self._formats = [self._format(column) for column in metadata.columns]
        self._places = self._heading()

    def feed(self, part: Part) -> bytes:
        """Add lines. Returns no bytes, because a workbook is complete only at its end."""
        columns: list[_Cells] = []
        for at, values in enumerate(part):
            columns += self._cells(at, values)
        for line in zip(*(values for values, _ in columns), strict=False):
            for value, (_, write) in zip(line, columns, strict=True):
                if value is not None:
                    write(self._line, value)
            self._line += 1
        return b""

    def end(self) -> Iterator[bytes]:
        """The bytes of the workbook."""
        last = max(self._line - 1, 1)
        self._sheet.autofilter(0, 0, last, self._places[-1])
        self._write_about_sheet()
        self._book.close()
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def close(self) -> None:
        """Delete the temporary files."""
        self._folder.cleanup()

    def _format(self, column: Column) -> Format | None:
        if column.kind == "time":
            return self._book.add_format({"num_format": _TIME, "align": "left"})
        tag = self._metadata.tags.get(column.tag)
        if column.kind != "figure" or tag is None or tag.decimals is None:
            return None
        places = f"0.{'0' * tag.decimals}" if tag.decimals else "0"
        return self._book.add_format({"num_format": places})

    def _heading(self) -> list[int]:
        """Write the names of the columns, and return the place of each column in the sheet."""
        places, at, first = [], 0, True
        for column in self._metadata.columns:
            places.append(at)
            self._sheet.write_string(0, at, column.name, self._bold)
            width = 20 if column.kind == "time" else min(max(len(column.name) + 4, 12), 40)
            self._sheet.set_column(at, at, width)
            at += 1
            if column.kind == "time" and first:
                first = False
                self._sheet.write_string(0, at, OFFSET, self._bold)
                at += 1
                self._sheet.freeze_panes(1, at)
        return places

    def _cells(self, at: int, values: Values) -> list[_Cells]:
        place, shape, kind = self._places[at], self._formats[at], self._metadata.columns[at].kind
        sheet = self._sheet
        if isinstance(values, str):
            return [
                (
                    repeat(values),
                    lambda line_number, value: sheet.write_string(line_number, place, value),
                )
            ]
        if kind != "time":
            exact = (None if one is None else _AllDigits(one) for one in numbers(values))
            numbers_or_none = counts(values) if kind == "count" else exact
            return [
                (numbers_or_none, lambda line, value: sheet.write_number(line, place, value, shape))
            ]
        times = local_times(values, self._metadata.zone)
        plain = [None if value is None else value.replace(tzinfo=None) for value in times]
        cells: _Cells = plain, lambda line, value: sheet.write_datetime(line, place, value, shape)
        if self._metadata.columns[at].name == OTHER:
            return [cells]
        offsets = [None if value is None else value.isoformat()[-6:] for value in times]
        return [cells, (offsets, lambda line, value: sheet.write_string(line, place + 1, value))]

    def _write_about_sheet(self) -> None:
        """Add the sheet that says where the lines come from."""
        sheet = self._book.add_worksheet("About")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 2, 40)
        facts = [*self._metadata.facts.items(), ("lines", f"{self._line - 1:,}")]
        for at, (name, text) in enumerate(facts):
            sheet.write_string(at, 0, name, self._bold)
            sheet.write_string(at, 1, text)
        head = len(facts) + 1
        for at, name in enumerate(("tag_name", "title", "unit")):
            sheet.write_string(head, at, name, self._bold)
        for line, tag in enumerate(self._metadata.tags.values(), head + 1):
            for at, text in enumerate((tag.tag_name, tag.title, tag.unit)):
                sheet.write_string(line, at, text)
