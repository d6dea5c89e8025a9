"""Rows and sparklines of calculated tags, computed from those of their members (PRD §33.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.expressions.calculated import CalculatedTag
from ksys_app.domain.expressions.newest import (
    Newest,
    buckets_line,
    calculated_row,
    newest_of_buckets,
    newest_of_members,
    pointwise_line,
)
from ksys_app.domain.windows import Window
from ksys_app.errors import KsysError
from ksys_app.models.rows import QcRule, Spark, TileRow
from ksys_app.services.catalogue import catalogue
from ksys_app.services.evaluated import prepare
from ksys_app.utils.cache import Answer

MOST_MOVING: Final = 50
"""Most tiles with a function over time; each of them reads its buckets twice a minute."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Rows and sparklines of all tags; those of calculated tags have their values."""

    rows: Sequence[TileRow]
    lines: Answer[Spark]


async def calculated_of(rows: Sequence[TileRow]) -> list[CalculatedTag]:
    """The calculated tags among these rows."""
    tags = (await catalogue()).tags
    return [tags[row.tag_name] for row in rows if row.tag_name in tags] if tags else []


def missing_members(calculated_tags: Sequence[CalculatedTag], names: set[str]) -> list[str]:
    """The names of the tags that the calculated tags use and that are not in ``names``, sorted."""
    return sorted({name for tag in calculated_tags for name in tag.tags} - names)


async def fill_tiles(
    window: Window,
    calculated_tags: Sequence[CalculatedTag],
    rows: Sequence[TileRow],
    members: Sequence[TileRow],
    lines: Answer[Spark],
    more_lines: Sequence[Spark],
    rules: Mapping[str, QcRule],
    zone: ZoneInfo,
) -> Filled:
    """The rows and sparklines, with the values of the calculated tags filled in.

    Args:
        window: the window.
        calculated_tags: the calculated tags among the rows.
        rows: the rows of the tiles.
        members: rows of further tags that the calculated tags use.
        lines: the sparklines of the tiles.
        more_lines: the sparklines of these further tags.
        rules: the rules by tag.
        zone: the display zone.
    """
    by_tag = {row.tag_name: row for row in (*members, *rows)}
    sparks = {spark.tag_name: spark for spark in (*more_lines, *lines.rows)}
    newest: dict[str, Newest] = {}
    new_lines: dict[str, Spark] = {}
    moving = [tag for tag in calculated_tags if not tag.pointwise][:MOST_MOVING]
    for tag in moving:
        newest[tag.name], new_lines[tag.name] = await _moving(tag, window, by_tag[tag.name], zone)

    def compute() -> list[TileRow]:
        for tag in calculated_tags:
            if tag.pointwise:
                newest[tag.name] = newest_of_members(tag, by_tag)
                new_lines[tag.name] = pointwise_line(tag, sparks)
        by_name = {tag.name: tag for tag in calculated_tags}

        def with_values(row: TileRow) -> TileRow:
            tag = by_name.get(row.tag_name)
            if tag is None:
                return row
            values = newest.get(tag.name, Newest()), by_tag, rules
            return calculated_row(row, tag, *values, new_lines.get(tag.name, Spark(tag.name)))

        return [with_values(row) for row in rows]

    all_rows = await asyncio.to_thread(compute)
    other_lines = [spark for spark in lines.rows if spark.tag_name not in new_lines]
    return Filled(all_rows, lines.of_rows([*other_lines, *new_lines.values()]))


async def _moving(
    tag: CalculatedTag, window: Window, row: TileRow, zone: ZoneInfo
) -> tuple[Newest, Spark]:
    """The newest values and the sparkline of an expression over time; empty if a tag is gone."""
    try:
        series = await prepare(tag.saved.text, tag.node, window, zone)
    except KsysError:
        return Newest(), Spark(tag.name)
    key = f"values of {tag.saved.version} {tag.saved.text}"
    values = series.answer.results.get(key)
    if values is None:
        values = await asyncio.to_thread(series.values)
        series.answer.results.store(key, values, 24 * len(values[0]))
    starts, (avg, last) = values
    oldest_ms = (row.now - 2 * window.width).timestamp() * 1000
    spark = buckets_line(tag.name, starts, avg, row.now, window.duration)
    return newest_of_buckets(starts, last, oldest_ms), spark
