"""CSV text that spreadsheets read correctly, and the names of CSV files (PRD §8.6)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson

from ksys_app.domain.timefmt import local_seconds

BOM: Final = "\ufeff"
# OWASP, CSV injection: a spreadsheet treats a text that starts with one of these as a formula. Some
# spreadsheets in East Asia also accept the wide forms.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
END: Final = "\r\n"
# Numbers that orjson and ``repr`` write differently.
_SMALL: Final = re.compile(r"-?0\.0000|.*e-")
_NAME_LENGTH: Final = 50
# The longest file name in bytes of UTF-8. One character takes up to four bytes.
_NAME_BYTES: Final = 255


def header(names: Sequence[str]) -> bytes:
    """The start of a file: the byte order mark and the line of column names, ``tag_name`` first."""
    return (BOM + joined([["tag_name", *names]])).encode()


def lines(
    tag: str,
    rows: Sequence[Any],
    names: Sequence[str],
    zone: ZoneInfo,
    words: Sequence[str] | None = None,
) -> bytes:
    """One CSV line for each row: tag, time in the display zone, and figures with all digits.

    Args:
        tag: the tag.
        rows: the rows of the tag.
        names: the columns to write, the time first. A null becomes an empty cell.
        zone: the display zone.
        words: a text for each row, written as the last column; None for no such column.
    """
    if not rows:
        return b""
    label = joined([[plain_text(tag)]]).removesuffix(END)
    ts, *figures = (list(map(attrgetter(name), rows)) for name in names)
    times = texts([moment.astimezone(zone) for moment in ts])
    # The label has no end; the times end with the last row.
    columns: list[Iterable[str]] = [repeat(label), times, *map(texts, figures)]
    if words is not None:
        columns.append([joined([[plain_text(word)]]).removesuffix(END) for word in words])
    return "".join(",".join(line) + END for line in zip(*columns, strict=False)).encode()


def texts(values: list[Any]) -> list[str]:
    """Each value as text: a number as ``repr`` writes it, a time in ISO 8601.

    A null and a number that is not finite become an empty text. The function uses orjson, which is
    eight times as fast as ``repr`` and ``isoformat``.
    """
    plain = orjson.dumps(values)[1:-1].decode().replace('"', "").replace("null", "")
    parts = plain.split(",")
    if "e-" in plain or "0.0000" in plain:
        return [repr(float(text)) if _SMALL.match(text) else text for text in parts]
    return parts


def plain_text(text: str) -> str:
    """``text``, with an apostrophe in front if a spreadsheet would treat it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def disposition(tags: Sequence[str], *parts: str, kind: str = "csv") -> str:
    """The header ``Content-Disposition`` of a file that is named after its first tag (RFC 6266).

    Args:
        tags: the tags in the file.
        parts: further parts of the file name, e.g. window and kind.
        kind: the extension of the file name, without the dot.
    """
    count_text = [f"and {len(tags) - 1} more"] if len(tags) > 1 else []
    suffix = " ".join(["", *count_text, *parts]) + f".{kind}"
    tag = re.sub(r'[/\\:*?"<>|]', "_", tags[0][:_NAME_LENGTH])
    name = tag.encode()[: _NAME_BYTES - len(suffix)].decode(errors="ignore") + suffix
    simple = re.sub(r"[^\w .()+=@-]|%", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{quote(name, safe='')}"


def span(start: datetime | None, end: datetime | None, zone: ZoneInfo) -> list[str]:
    """The parts of a file name for a range, e.g. ``from 2026-02-28 09.00.00``; none for None."""
    ends = (("from", start), ("to", end))
    return [f"{name} {local_seconds(ts, zone).replace(':', '.')}" for name, ts in ends if ts]


def joined(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV text, one line for each row."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
