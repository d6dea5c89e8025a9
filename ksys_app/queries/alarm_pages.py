"""Reads samples of the members of calculated tags for the alarm worker (PRD §33.9)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from psycopg import AsyncConnection

from ksys_app.domain.alarms.stored import Sample, merged
from ksys_app.queries.alarms import bad_samples, samples


class Page(NamedTuple):
    """A request: samples of ``member`` for the calculated tag ``name``, in a range of time."""

    name: str
    member: str
    after_us: int
    until_us: int


class Read(NamedTuple):
    """All new samples of each member of a calculated tag up to ``until_us``."""

    samples: dict[str, list[Sample]]
    until_us: int


async def read_pages(conn: AsyncConnection, pages: Sequence[Page], most: int) -> dict[str, Read]:
    """Calculated tag to its new samples in order of time; bad samples have the value NaN.

    If there are more samples, ``until_us`` of a result is less than that of its pages.

    Args:
        conn: a connection.
        pages: the requests; all pages of a calculated tag have one ``until_us``.
        most: about the most samples of all pages together.
    """
    if not pages:
        return {}
    each = max(1, most // len(pages))
    after = [(page.member, page.after_us) for page in pages]
    ends = [page.until_us for page in pages]
    good: dict[int, list[Sample]] = defaultdict(list)
    for place, ts_us, value, qc in await samples(conn, after, ends, each):
        good[place].append((ts_us, value, qc or 0))
    bad: dict[int, list[Sample]] = defaultdict(list)
    for place, ts_us in await bad_samples(conn, after, ends, each):
        bad[place].append((ts_us, math.nan, 0))
    samples_of: dict[str, dict[str, list[Sample]]] = defaultdict(dict)
    until = {page.name: page.until_us for page in pages}
    for place, page in enumerate(pages):
        rows, complete = merged(good[place], bad[place], each)
        samples_of[page.name][page.member] = rows
        if not complete:
            until[page.name] = min(until[page.name], rows[-1][0])
    return {
        name: Read({tag: _up_to(rows, until[name]) for tag, rows in by_member.items()}, until[name])
        for name, by_member in samples_of.items()
    }


def _up_to(rows: list[Sample], until_us: int) -> list[Sample]:
    return [row for row in rows if row[0] <= until_us]
