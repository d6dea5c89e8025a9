"""Counts messages per hour or day and judges them, for ``/comm`` and HTTP (PRD §28.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ksys_app.domain import comm, comm_days, comm_order
from ksys_app.domain.comm import Calendar
from ksys_app.domain.quality import allowed_gap, comm_state
from ksys_app.domain.rules import usable_rate
from ksys_app.domain.still import Unchanged, suspects, unchanged
from ksys_app.models.comm import (
    WORST,
    Alive,
    Cell,
    CommDayRow,
    NewestRow,
    Outage,
    Summary,
)
from ksys_app.models.rows import Expectation, QcRule, Run
from ksys_app.queries import comm as queries
from ksys_app.queries.qc import expectations, rules_by_tag
from ksys_app.queries.runs import runs
from ksys_app.queries.tags import find_tag, matching_tags
from ksys_app.services.comm_page import CommPage, Overview, Report
from ksys_app.services.tags import first_tag, require_sending
from ksys_app.utils.cache import Answer


def _alive(row: NewestRow, rule: QcRule | None, run: Run | None) -> Alive:
    allowed = allowed_gap(rule, Expectation(row.tag_name, usable_rate(row.exp_per_min)))
    age = None if row.ts is None else row.now - row.ts
    comm = comm_state(age, allowed)
    still = unchanged(row, rule, comm, run) or Unchanged(0.0, False)
    return Alive(row.tag_name, row.now, row.ts, allowed, comm, still.seconds, still.longer)


class CommSource:
    """Reads the counts of messages and judges them.

    It reuses the last overview while the cache has the same counts.

    Args:
        zone: the display zone.
        max_tags: the most tags in an overview.
    """

    def __init__(self, zone: ZoneInfo, max_tags: int) -> None:
        self._zone, self._max_tags = zone, max_tags
        self._last: tuple[object, Overview] | None = None
        self._newest: dict[str, NewestRow] = {}

    async def calendar(self, start: date | None) -> tuple[Calendar, datetime]:
        """The 30 days from ``start``, by default those that end today, and the database's clock.

        A start before 2000 or after today becomes 2000 or today.
        """
        now = await queries.database_clock()
        wanted = comm.recent_start(now, self._zone) if start is None else start
        return comm.calendar(comm.clamp_start(wanted, now, self._zone), self._zone), now

    async def alive(self, tags: Sequence[str]) -> tuple[tuple[Alive, ...], Answer[NewestRow]]:
        """Whether each tag sends now, in the order of the rows, and the answer of the database."""
        rules = await rules_by_tag()
        answer = await queries.newest(tags)
        rows = [self._after(row) for row in answer.rows]
        unchanged_runs = await runs(suspects(rows, rules))
        return tuple(
            _alive(row, rules.get(row.tag_name), unchanged_runs.get(row.tag_name)) for row in rows
        ), answer

    def _after(self, row: NewestRow) -> NewestRow:
        """The row with the previous value of its tag; a changing tag then needs no other query."""
        last = self._newest.get(row.tag_name, row)
        previous = last.value if last.ts != row.ts else last.prev_value
        updated = self._newest[row.tag_name] = replace(row, prev_value=previous)
        return updated

    async def report(self, tag_name: str, days: Calendar, *, fresh: bool = False) -> Report:
        """The hours of one tag; the tag need not exist.

        Args:
            tag_name: the tag.
            days: the days.
            fresh: read from the database, not from the cache.
        """
        answer = await queries.comm_hours(tag_name, days.bounds[0], days.bounds[-1], fresh=fresh)
        row = answer.rows[0]

        def judge() -> tuple[tuple[Cell, ...], tuple[Outage, ...], Summary]:
            cells = comm.grid(row, days)
            runs = tuple(comm.outages(cells, row))
            return cells, runs, comm.summary(cells, runs, row.now, days)

        judged = answer.once("judged", judge, 24 * comm.DAYS)
        return Report(days, answer, *judged)

    async def hours(self, tags: Sequence[str], days: Calendar, *, fresh: bool = False) -> CommPage:
        """Some tags by hours.

        Args:
            tags: at least one tag, in display order.
            days: the days.
            fresh: read from the database, not from the cache.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        reports = [await self.report(tag, days, fresh=fresh) for tag in tags]
        alive, newest = await self.alive(tags)
        oldest = min(reports, key=lambda report: report.answer.fetched_ms)
        return CommPage(
            reports=tuple(reports),
            overview=None,
            alive=alive,
            alive_ms=newest.fetched_ms,
            calendar=days,
            now=oldest.row.now,
            fetched_ms=oldest.answer.fetched_ms,
        )

    async def days(
        self, days: Calendar, now: datetime, words: str = "", *, fresh: bool = False
    ) -> CommPage:
        """All tags by days.

        Args:
            days: the days.
            now: the database's clock, for a page without tags.
            words: if there are too many tags for the page, only tags with these words.
            fresh: read from the database, not from the cache.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        overview = await self.overview(days, words, fresh=fresh)
        alive, newest = await self.alive([row.tag_name for row in overview.rows])
        return CommPage(
            reports=(),
            overview=overview,
            alive=alive,
            alive_ms=newest.fetched_ms,
            calendar=overview.calendar,
            now=overview.rows[0].now if overview.rows else now,
            fetched_ms=overview.fetched_ms,
        )

    async def overview(self, days: Calendar, words: str = "", *, fresh: bool = False) -> Overview:
        """The days of all tags, 250 tags in each statement.

        If there are too many tags for the page, only tags with ``words`` in their name.
        """
        matching = await matching_tags("", self._max_tags, sending=True)
        search = words if matching.rowcount > self._max_tags else ""
        if search:
            matching = await matching_tags(search, self._max_tags, sending=True)
        names = [tag.tag_name for tag in matching.rows[: self._max_tags]]
        stored = {row.tag_name: row for row in (await expectations()).rows}
        expected = [stored.get(name, Expectation(name)) for name in names]
        size = queries.MAX_TAGS
        answers = [
            await queries.comm_days(expected[at : at + size], days.bounds, fresh=fresh)
            for at in range(0, len(names), size)
        ]
        answers += await self._late(answers, expected, days, fresh)
        assumed = frozenset(name for name in names if name not in stored)
        fetched = tuple(answer.fetched_ms for answer in answers)
        key = (days.start, search, len(names), fetched, assumed)
        errors = [answer.error for answer in answers if answer.error is not None]
        if self._last is None or self._last[0] != key or errors:
            rows = list({row.tag_name: row for answer in answers for row in answer.rows}.values())
            overview = Overview(
                calendar=days,
                words=search,
                rows=tuple(comm_days.by_days(rows, days)),
                assumed=assumed,
                truncated=matching.rowcount > len(names),
                fetched_ms=min(
                    (answer.fetched_ms for answer in answers), default=matching.fetched_ms
                ),
                cache_hit=all(answer.cache_hit for answer in answers),
                error=errors[0] if errors else None,
            )
            self._last = (key, overview)
            return overview
        return replace(self._last[1], cache_hit=True)

    async def choose_tags(
        self, wanted: Sequence[str], last: str, days: Calendar, now: datetime
    ) -> list[str]:
        """The tags to show: ``wanted``, else ``last``, else the worst tag, else the first by name.

        Args:
            wanted: the chosen tags.
            last: the tag that this browser chose last, empty for none.
            days: the days that decide which tag is the worst.
            now: the database's clock.

        Returns:
            Names of existing tags; none if the database has no tag.

        Raises:
            UnknownTag: a wanted tag does not exist or is calculated, and the database has tags.
        """
        first = await first_tag()
        if not first:
            return []
        await require_sending(wanted)
        if wanted:
            return list(wanted)
        last_tag = await find_tag(last) if last else None
        if last_tag is not None and last_tag.expression is None:
            return [last]
        return [await self.worst(days, now) or first]

    async def worst(self, days: Calendar, now: datetime) -> str | None:
        """The worst tag: the first tag with a judged hour in the order *worst first* (PRD §28.3).

        None if no tag has a judged hour, or if there are more tags than one statement counts,
        because a page should not wait for several statements.
        """
        matching = await matching_tags("", queries.MAX_TAGS, sending=True)
        if matching.rowcount > queries.MAX_TAGS:
            return None
        rows = (await self.overview(days)).rows
        alive, _ = await self.alive([row.tag_name for row in rows])
        alive_by_tag = {tag_alive.tag_name: tag_alive for tag_alive in alive}
        ordered = comm_order.ordered(rows, alive_by_tag, WORST, False, comm.ends_today(days, now))
        return next((row.tag_name for row in ordered if row.success_30d is not None), None)

    async def _late(
        self,
        answers: Sequence[Answer[CommDayRow]],
        expected: Sequence[Expectation],
        days: Calendar,
        fresh: bool,
    ) -> list[Answer[CommDayRow]]:
        """The days of tags with a critical hour in the last two days, with late samples.

        At most 250 tags, in one statement, because late samples double its cost.
        """
        doubtful = [
            name
            for answer in answers
            for row in answer.rows[:1]
            for name in comm_days.doubtful(answer.rows, days, row.now - queries.LATE)
        ]
        names = set(doubtful[: queries.MAX_TAGS])
        late = [expectation for expectation in expected if expectation.tag_name in names]
        if not late:
            return []
        return [await queries.comm_days(late, days.bounds, late=True, fresh=fresh)]
