"""Detects the separator and the decimal sign of a file (PRD §27.5).

A spreadsheet uses the settings of its machine for both. They are detected if the file is
unambiguous. If a number could be read in two ways, the file is refused.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Decimal = Literal[".", ","]
SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
SIGNS: Final = {".": "points", ",": "commas"}
WORDS: Final[dict[str, Decimal]] = {"point": ".", "comma": ","}
"""The names of the decimal signs in the command's option."""
# One to three digits, a sign, and three more digits: the sign may be a decimal sign or a thousands
# separator.
_DOUBTFUL: Final = re.compile(r"\s*[+-]?[1-9]\d{0,2}[.,]\d{3}\s*")
_NUMBER: Final = re.compile(r"\s*[+-]?[\d.,]+(?:[eE][+-]?\d+)?\s*")
_DECLARED: Final = re.compile(r'"?sep=([,;\t])"?[,;\t]*', re.IGNORECASE)


def _silent(text: str) -> None:
    """Ignore the text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The options for reading a file; None to detect a property.

    Attributes:
        encoding: name of the encoding.
        decimal: the decimal sign.
        report: called with the detected format if it is not UTF-8 with commas and points.
        without_value: whether a sample may have no value, NaN or infinity; its value is then NaN.
    """

    encoding: str | None = None
    decimal: Decimal | None = None
    report: Callable[[str], None] = _silent
    without_value: bool = False


PLAIN: Final = Reading()


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a table.

    Attributes:
        names: names of the columns in the file's order, without empty ones at the end.
        separator: the separator between cells.
        width: number of cells, including empty ones at the end.
    """

    names: list[str]
    separator: str
    width: int


def declared(line: str) -> str | None:
    """The separator in a first line such as ``sep=;``, which Excel writes; None for other lines."""
    found = _DECLARED.fullmatch(line.strip("\r\n "))
    return found[1] if found else None


def header(line: str, expected: Collection[str], separator: str | None = None) -> Header:
    """The columns in a first line.

    Args:
        line: the line.
        expected: the expected names; they must not contain a separator.
        separator: the separator, if the file declares it.

    Returns:
        The names in the line, split by the separator that gives the most expected names.
    """
    choices = [separator] if separator else list(SEPARATORS)
    headers = [_header(line, choice) for choice in choices]
    return max(headers, key=lambda header: sum(name in expected for name in header.names))


def _header(line: str, separator: str) -> Header:
    try:
        names = [cell.strip() for cell in split(line, separator)]
    except ValueError:
        names = [line]
    width = len(names)
    while names and not names[-1]:
        names.pop()
    return Header(names, separator, width)


def split(line: str, separator: str) -> list[str]:
    """The cells of a line.

    Raises:
        ValueError: a quote is not closed, or is at a place where no quote is allowed.
    """
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(f"is not CSV: {error}") from None


def row(header: Header, cells: Sequence[str]) -> dict[str, str] | None:
    """Column to cell of a line; None for a line without content.

    Raises:
        ValueError: the line has more or fewer cells than the header, or content in a column without
            a name.
    """
    if not any(cells):
        return None
    if len(cells) != header.width:
        hint = ""
        if len(cells) > header.width and header.separator == ",":
            hint = "; a file with decimal commas needs semicolons or tabs between cells"
        raise ValueError(f"has {len(cells)} cells, the header {header.width}{hint}")
    if any(cells[len(header.names) :]):
        raise ValueError("has a cell in a column without a name")
    return dict(zip(header.names, cells, strict=False))


class Decimals:
    """Detects the decimal sign while numbers are read."""

    def __init__(self) -> None:
        self._sure: dict[str, str] = {}
        self._doubtful: dict[str, str] = {}
        self._grouped: str | None = None

    def examine(self, cell: str) -> bool:
        """Examine a cell of a column of numbers; return whether the sign is detected now."""
        signs = [sign for sign in cell if sign in SIGNS]
        if signs and _NUMBER.fullmatch(cell):
            if len(signs) > 1:
                self._grouped = self._grouped or cell
            else:
                found = self._doubtful if _DOUBTFUL.fullmatch(cell) else self._sure
                found.setdefault(signs[0], cell)
        return bool(self._sure) or self._grouped is not None

    def sign(self) -> Decimal | None:
        """The decimal sign; None if no number has one.

        Raises:
            ValueError: a number could be read in two ways.
        """
        if self._grouped is not None:
            raise ValueError(
                f"{self._grouped.strip()!r} has a thousands separator; save the numbers without it"
            )
        found = self._doubtful | self._sure
        if len(found) > 1:
            raise ValueError(
                f"{found['.'].strip()!r} has a point and {found[','].strip()!r} a comma; save the "
                "numbers with one decimal sign and without thousands separators"
            )
        if self._doubtful and not self._sure:
            (cell,) = self._doubtful.values()
            raise ValueError(
                f"{cell.strip()!r} may be a number with three decimals or a thousand; say which "
                "with --decimal comma or --decimal point"
            )
        return "," if "," in found else "." if found else None


def plain(cell: str, decimal: Decimal | None) -> str:
    """A number with a point as its decimal sign.

    Args:
        cell: the number as the file has it.
        decimal: the file's decimal sign; None if no number has one.

    Raises:
        ValueError: the number has the other sign.
    """
    if decimal == ",":
        if "." in cell:
            raise ValueError(f"{cell[:40]!r} has a point, and the decimal sign here is a comma")
        return cell.replace(",", ".")
    if "," in cell:
        raise ValueError(
            f"{cell[:40]!r} has a comma, and the decimal sign here is a point; "
            "use --decimal comma if it is a comma"
        )
    return cell


def describe(encoding: str, separator: str, decimal: Decimal | None) -> str:
    """The detected format in words; empty for UTF-8 with commas and points."""
    parts = []
    if encoding != "utf-8":
        parts.append(encoding.upper())
    if separator != ",":
        parts.append(f"{SEPARATORS[separator]} between cells")
    if separator != "," or decimal == ",":
        parts.append(f"decimal {SIGNS[decimal]}" if decimal else "no decimal sign")
    return ", ".join(parts)
