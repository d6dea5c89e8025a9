"""A block of a spreadsheet as new values of rules (PRD §32.9)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from ksys_app.domain.rule_edit import EDITABLE, MAX_WHOLE
from ksys_app.models.limits import Edit
from ksys_app.models.message import Message

MOST_ROWS: Final = 5_000
_SEPARATORS: Final = ("\t", ";", ",")
_THOUSANDS: Final = re.compile(r"-?\d{1,3},\d{3}")
_WORDS: Final = {"true": True, "false": False, "": None}


def pasted(text: str) -> list[Edit]:
    """The edits of a block whose first line names ``tag_name`` and the columns to change.

    An empty cell removes the limit. The first line decides the separator of all lines.

    Raises:
        ValueError: the block cannot be read; the argument is a :class:`Message`.
    """
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    if not lines:
        raise ValueError(Message("errors.paste_empty"))
    separator = next((sign for sign in _SEPARATORS if sign in lines[0]), "\t")
    header = [cell.strip() for cell in lines[0].split(separator)]
    allowed = [name for name in EDITABLE if name != "meta"]
    wrong = [name for name in header if name != "tag_name" and name not in allowed]
    if wrong or header.count("tag_name") != 1 or len(set(header)) < len(header):
        what = {"columns": ", ".join(allowed)}
        raise ValueError(Message("errors.paste_header", what))
    if len(lines) > MOST_ROWS + 1:
        raise ValueError(Message("errors.paste_long", {"most": MOST_ROWS}))
    edits = [
        _edit(number, line.split(separator), header)
        for number, line in enumerate(lines[1:], start=2)
    ]
    tags = [edit.tag_name for edit in edits]
    if len(set(tags)) < len(tags):
        ((twice, _),) = Counter(tags).most_common(1)
        raise ValueError(Message("errors.limit_twice", {"tag": twice}))
    return edits


def _edit(number: int, cells: list[str], header: list[str]) -> Edit:
    if len(cells) != len(header):
        what = {"line": number, "n": len(cells), "columns": len(header)}
        raise ValueError(Message("errors.paste_cells", what))
    values: dict[str, Any] = {}
    for name, cell in zip(header, (cell.strip() for cell in cells), strict=True):
        try:
            values[name] = _READ.get(name, _number)(cell)
        except (ValueError, KeyError, OverflowError):
            shown = {"line": number, "column": name, "value": cell[:40]}
            raise ValueError(Message("errors.paste_value", shown)) from None
    return Edit(values.pop("tag_name"), None, values)


def _number(cell: str) -> float | None:
    if not cell:
        return None
    # 1,234 is ambiguous: the comma may separate thousands or decimals.
    if _THOUSANDS.fullmatch(cell):
        raise ValueError(cell)
    return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)


def _integer(cell: str) -> int | None:
    number = _number(cell)
    if number is not None and (number != int(number) or abs(number) > MAX_WHOLE):
        raise ValueError(cell)
    return None if number is None else int(number)


def _name(cell: str) -> str:
    if not cell:
        raise ValueError(cell)
    return cell


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "tag_name": _name,
    "max_gap_seconds": _integer,
    **{name: lambda cell: _WORDS[cell.lower()] for name in ("allow_negative", "enabled")},
}
