"""A replay of the samples of a database, which it only reads (PRD §32.2)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain.alarms.calculated import Derived, Formula, formulas
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
from ksys_app.queries.alarm_pages import Page, read_pages
from ksys_app.queries.alarm_rules import expressions, rules as rules_in_force

TAGS: Final = 50
"""Tags to read in one statement."""
EACH: Final = 1000
"""Most samples of a tag in one statement."""


@dataclass(frozen=True, slots=True)
class Span:
    """The samples that a replay reads.

    Attributes:
        start: the first moment, at which all alarms are normal.
        end: the last moment of the clock; None for now.
        tags: only these tags; empty for every tag with a rule that is on.
    """

    start: datetime
    end: datetime | None
    tags: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files with rules and settings to try; None to use those of the database."""

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
        span: the samples to judge.
        wanted: files with rules and settings to try.
        out: the file of the journal.
        on_read: called after each statement with the number of samples, the number of finished
            tags, and the number of all tags.

    Raises:
        BadParameter: the span ends before it begins.
        UnknownTag: a tag has no enabled rule.
        ConfigError: a file has errors, or the role may not read.
        DatabaseUnreachable: no server answers.
    """
    async with owner(dsn, read_only=True) as conn:
        rules, settings, found, now = await _judge_by(conn, wanted)
        end = now if span.end is None else min(now, span.end)
        if end <= span.start:
            raise BadParameter(f"the time to replay ends at {end}, before it begins")
        tags = _tags(rules, span.tags)
        with JournalFile(out) as journal:
            work = Replay(rules, settings, microseconds(end), journal)
            done = 0
            stored = [tag for tag in tags if tag not in found]
            for first in range(0, len(stored), TAGS):
                after = dict.fromkeys(stored[first : first + TAGS], microseconds(span.start) - 1)
                while after:
                    done += await _feed(conn, work, after, microseconds(end))
                    on_read(work.fed, done, len(tags))
            for name in sorted(found.keys() & set(tags)):
                derived = Derived(microseconds(span.start) - 1)
                while not await _feed_calculated(
                    conn, work, name, found[name], derived, microseconds(end)
                ):
                    on_read(work.fed, done, len(tags))
                done += 1
                on_read(work.fed, done, len(tags))
            return work.finish()


async def _judge_by(
    conn: AsyncConnection, wanted: Wanted
) -> tuple[list[QcRule], Settings, Mapping[str, Formula], datetime]:
    async with conn.transaction():
        stored, now = await rules_in_force(conn), await queries.clock(conn)
        saved = await expressions(conn)
    rules, found = stored.rules, stored.formulas
    if wanted.rules is not None:
        by_tag = {rule.tag_name: rule for rule in qc_csv.read(wanted.rules, RULES)}
        rules, found = formulas(by_tag, saved)
    settings: Settings = stored.settings
    if wanted.settings is not None:
        settings = settings_file.read(wanted.settings)
    return [*rules.values()], settings, found, now


def _tags(rules: Sequence[QcRule], wanted: Collection[str]) -> list[str]:
    judged = {rule.tag_name for rule in rules if rule.enabled}
    missing = sorted(set(wanted) - judged)
    if missing:
        raise UnknownTag(f"{', '.join(missing)}: no rule that is on")
    return sorted(wanted or judged)


async def _feed(conn: AsyncConnection, work: Replay, after: dict[str, int], end_us: int) -> int:
    """Feed a page of each tag of ``after`` and move ``after`` on; the number of finished tags."""
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


async def _feed_calculated(
    conn: AsyncConnection, work: Replay, name: str, formula: Formula, derived: Derived, end_us: int
) -> bool:
    """Feed the values of a calculated tag from a page of each of its tags.

    Returns:
        Whether all values are fed.
    """
    pages = [Page(name, tag, derived.after(tag), end_us) for tag in formula.holds_us]
    async with conn.transaction():
        found = (await read_pages(conn, pages, EACH * len(pages)))[name]
    work.feed_calculated(name, derived.feed(formula, found.samples, found.until_us))
    return found.until_us == end_us
