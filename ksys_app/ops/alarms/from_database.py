"""A replay over the samples of a database, which it only reads (PRD §32.2)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain.alarms.stored import Sample, merged
from ksys_app.domain.alarms.times import microseconds
from ksys_app.errors import BadParameter, UnknownTag
from ksys_app.models.rows import QcRule
from ksys_app.ops.alarms import settings_file
from ksys_app.ops.alarms.journal_file import JournalFile
from ksys_app.ops.alarms.replay import Counts, Replay, Settings
from ksys_app.ops.masterdata import qc_csv
from ksys_app.ops.masterdata.qc_table import RULES
from ksys_app.ops.owner import owner
from ksys_app.queries import alarms as queries

TAGS: Final = 50
"""Tags that are read together."""
EACH: Final = 1000
"""Most samples of a tag in one statement."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a replay reads.

    Attributes:
        start: the first moment; the alarms are normal then.
        end: the last moment of the clock; None for now.
        tags: only these tags; empty for every tag with a rule that is on.
    """

    start: datetime
    end: datetime | None
    tags: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a replay judges by: files in place of what the database has, or None."""

    rules: Path | None = None
    settings: Path | None = None


async def replay(
    dsn: str,
    span: Span,
    wanted: Wanted,
    out: Path,
    on_read: Callable[[int, int, int], None],
) -> Counts:
    """Judge the samples of a span and write the journal.

    Args:
        dsn: DSN of a role that may read samples and rules.
        span: which samples.
        wanted: files with rules and settings to try.
        out: the journal.
        on_read: called after each statement with the number of samples, the tags that are done,
            and all tags.

    Raises:
        BadParameter: the span ends before it begins.
        UnknownTag: a tag has no rule that is on.
        ConfigError: a file is wrong, or the role may not read.
        DatabaseUnreachable: nothing answers there.
    """
    async with owner(dsn, read_only=True) as conn:
        rules, settings, now = await _judge_by(conn, wanted)
        end = now if span.end is None else min(now, span.end)
        if end <= span.start:
            raise BadParameter(f"the time to replay ends at {end}, before it begins")
        tags = _tags(rules, span.tags)
        with JournalFile(out) as journal:
            work = Replay(rules, settings, microseconds(end), journal)
            done = 0
            for first in range(0, len(tags), TAGS):
                after = dict.fromkeys(tags[first : first + TAGS], microseconds(span.start) - 1)
                while after:
                    done += await _feed(conn, work, after, microseconds(end))
                    on_read(work.fed, done, len(tags))
            return work.finish()


async def _judge_by(
    conn: AsyncConnection, wanted: Wanted
) -> tuple[list[QcRule], Settings, datetime]:
    async with conn.transaction():
        stored, now = await queries.rules(conn), await queries.clock(conn)
    rules = [*stored.rules.values()]
    if wanted.rules is not None:
        rules = qc_csv.read(wanted.rules, RULES)
    settings: Settings = stored.settings
    if wanted.settings is not None:
        settings = settings_file.read(wanted.settings)
    return rules, settings, now


def _tags(rules: Sequence[QcRule], wanted: Collection[str]) -> list[str]:
    judged = {rule.tag_name for rule in rules if rule.enabled}
    missing = sorted(set(wanted) - judged)
    if missing:
        raise UnknownTag(f"{', '.join(missing)}: no rule that is on")
    return sorted(wanted or judged)


async def _feed(conn: AsyncConnection, work: Replay, after: dict[str, int], end_us: int) -> int:
    """Feed a page of each tag of ``after``, which is moved on; the number of tags that are done."""
    pages = [*after.items()]
    good: dict[int, list[Sample]] = defaultdict(list)
    bad: dict[int, list[Sample]] = defaultdict(list)
    async with conn.transaction():
        for place, ts_us, value, qc in await queries.samples(conn, pages, end_us, EACH):
            good[place].append((ts_us, value, qc or 0))
        for place, ts_us in await queries.bad_samples(conn, pages, end_us, EACH):
            bad[place].append((ts_us, math.nan, 0))
    for place, (tag_name, _) in enumerate(pages):
        samples, complete = merged(good[place], bad[place], EACH)
        for ts_us, value, qc in samples:
            work.feed(tag_name, ts_us, value, qc)
        if complete:
            del after[tag_name]
        else:
            after[tag_name] = samples[-1][0]
    return len(pages) - len(after)
