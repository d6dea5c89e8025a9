"""CSV that spreadsheets open as it is meant, and the name of its file (PRD §8.6)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ksys_app.domain.kpi import finite
from ksys_app.domain.timefmt import iso_local

BOM: Final = "\ufeff"
# OWASP, CSV injection: a spreadsheet takes a text that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# A character takes up to four bytes, and a file's name has at most 255 of them.
_NAME_LENGTH: Final = 50


def header(names: Sequence[str]) -> bytes:
    """The byte order mark and the line of names, ``tag_name`` first."""
    return (BOM + joined([["tag_name", *names]])).encode()


def lines(tag: str, rows: Sequence[Any], names: Sequence[str], zone: ZoneInfo) -> bytes:
    """A line a row: the tag, its time in the display zone, figures in full, nothing for null."""
    values = attrgetter(*names)
    label = plain_text(tag)
    return joined(
        [label, iso_local(ts, zone), *map(finite, rest)] for ts, *rest in map(values, rows)
    ).encode()


def plain_text(text: str) -> str:
    """``text`` with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def disposition(tags: Sequence[str], *parts: str) -> str:
    """``Content-Disposition`` of a file named after its first tag (RFC 6266).

    Args:
        tags: the tags in it.
        parts: what else tells it apart, e.g. window and kind.
    """
    tag = re.sub(r'[/\\:*?"<>|]', "_", tags[0][:_NAME_LENGTH])
    more = [f"and {len(tags) - 1} more"] if len(tags) > 1 else []
    name = " ".join([tag, *more, *parts]) + ".csv"
    simple = re.sub(r"[^\w .()+=@-]|%", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{quote(name, safe='')}"


def joined(rows: Iterable[Iterable[object]]) -> str:
    """Rows as lines of CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
