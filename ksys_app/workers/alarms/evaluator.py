"""Reads new samples, judges them, and writes the results in one transaction (PRD §32.4)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from psycopg import AsyncConnection

from ksys_app.domain.alarms.limits import DOUBTED
from ksys_app.domain.alarms.stored import Sample, merged
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import AlarmSettings, Condition, ProcessEvent
from ksys_app.queries import alarms as queries, notify as messages
from ksys_app.queries.alarm_rules import Rules, rules
from ksys_app.queries.alarm_sources import sources
from ksys_app.queries.alarms import Polled
from ksys_app.store import alarms as store, notify
from ksys_app.store.alarms import Key, Lease
from ksys_app.workers.alarms.answering import answer
from ksys_app.workers.alarms.calculated import Calculated, Calculations
from ksys_app.workers.alarms.followed import Followed
from ksys_app.workers.alarms.outbox import Notifying
from ksys_app.workers.alarms.restored import after_hole
from ksys_app.workers.alarms.watched import Watched

BATCH: Final = 50_000
"""Most samples of a transaction."""
CATCH_UP_US: Final = 24 * 3600 * SECOND
"""How far back a worker starts after an interruption, or with a new tag."""
FIRST: Final = 2_000_000
"""About the most samples of new tags to judge, so that a first start soon catches up."""
STALL_US: Final = 3 * SECOND
"""If two ticks are further apart, this program or the database was stalled."""
SETTLE_US: Final = 5 * SECOND
"""How long after a stall sources may take to send the samples that they held back."""
AHEAD_US: Final = 60 * SECOND
LEASE_S: Final = 6.0
# A time in the year 2096, after which no sample was received.
NOTHING_SINCE: Final = 4 * 10**15
NO_SETTINGS: Final[dict[Condition, AlarmSettings]] = {}


@dataclass(slots=True)
class Evaluator:
    """The state of a holder of the lease. After any failure, a new one is loaded from the database.

    Attributes:
        conn: the worker's connection, outside of a transaction.
        lease: its lease.
        since_us: where tags without a cursor start; None to let the worker choose.
        settles: whether to let the sources settle first, because they may have lost the database.
        notifying: creates the messages about alarms; None for no messages.
        tags: the followed tags.
        judged: number of samples that were judged.
        raised: number of rows that were written into the journal.
    """

    conn: AsyncConnection
    lease: Lease
    since_us: int | None = None
    settles: bool = False
    notifying: Notifying | None = None
    tags: dict[str, Followed] = field(default_factory=dict)
    judged: int = 0
    raised: int = 0
    _rules: Rules = field(default_factory=lambda: Rules({}, {}, {}, {}))
    _watched: Watched = field(default_factory=lambda: Watched(()))
    _calculated: Calculations = field(init=False)
    _version: str = ""
    _polled_us: int | None = None
    _refused_us: int = 0
    _settled_us: int = 0
    _wanted: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._calculated = Calculations(self.tags, self.since_us)

    async def load(self) -> None:
        """Read rules and cursors. Record a time that is never judged in the journal, if any."""
        if self.notifying is not None:
            # Fail now: otherwise the first message would fail each tick, and nothing is evaluated.
            await messages.require_outbox(self.conn)
        polled = await queries.poll(self.conn, NOTHING_SINCE)
        self._rules = await rules(self.conn)
        self._calculated.change(self._rules.formulas)
        self._version = polled.version
        self._watched = Watched(self._rules.rules.values(), await sources(self.conn))
        earliest = polled.now_us - CATCH_UP_US
        last = self.lease.evaluated_to_us
        self._refused_us = max(self.lease.refused_to_us or 0, earliest)
        hole = last is not None and last < earliest
        newest = {tag.tag_name: tag.ts_us for tag in polled.newest}
        for cursor in await queries.cursors(self.conn):
            name, memory, missed = cursor.tag_name, cursor.memory, False
            calculated = name not in newest and self._calculated.knows(name, memory)
            sent = self._calculated.tags_of(name) if calculated else (name,)
            newest_us = max((newest.get(tag, 0) for tag in sent), default=0)
            if hole and (cursor.seen_us or 0) < earliest < newest_us:
                memory, missed = after_hole(cursor.memory, earliest), True
            if calculated:
                self._calculated.restore(name, memory, self._rules)
                continue
            tag = self._follow(name, earliest if missed else 0, memory)
            tag.lag_us, tag.late = round(cursor.lag_s * SECOND), cursor.late
        await self._remember()
        if hole and last is not None:
            await self._note_hole(last, earliest)

    def _follow(self, tag: str, after_us: int, memory: dict[str, object] | None = None) -> Followed:
        rule, settings = self._rules.rules.get(tag), self._rules.settings.get(tag, NO_SETTINGS)
        self.tags[tag] = Followed(tag, rule, settings, after_us, memory)
        self._wanted[tag] = None
        return self.tags[tag]

    async def _remember(self) -> None:
        seen = [
            (name, tag.machine.seen_us)
            for name, tag in self.tags.items()
            if tag.machine.remembers_samples and tag.machine.seen_us is not None
        ]
        if not seen:
            return
        found: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for place, ts_us, value in await queries.recent_samples(self.conn, seen, DOUBTED):
            found[place].append((ts_us, value))
        for place, samples in found.items():
            self.tags[seen[place][0]].machine.remember(samples)

    async def _note_hole(self, begin_us: int, end_us: int) -> None:
        row = ProcessEvent(end_us, "", "", "", end_us, "EVALUATION_HOLE", *(None,) * 3, "STALE")
        data = {"from_us": begin_us, "to_us": end_us}
        async with self.conn.transaction():
            await store.renew(self.conn, self.lease.epoch, LEASE_S)
            await store.write_journal(self.conn, [row], {}, self.lease.epoch, data)

    async def tick(self) -> bool:
        """Judge one batch and write the results.

        Returns:
            Whether every sample that the poll found is judged now.

        Raises:
            LeaseLost: another worker evaluates.
        """
        polled = await queries.poll(self.conn, self._refused_us)
        renamed = self._calculated.with_samples(polled.newest)
        memories = {newest: self._calculated.leave(newest.tag_name) for newest in renamed}
        if polled.version != self._version or renamed:
            await self._change_rules(polled)
        for newest, memory in memories.items():
            if memory is not None:
                self._follow(newest.tag_name, newest.first_us - 1, memory)
        await self._note_new(polled)
        self._look(polled)
        settled = self._is_settled(polled.now_us)
        current = await self._judge_batch(polled.now_us, live=settled)
        now_us = polled.now_us if settled else None
        current &= await self._calculated.judge(self.conn, self._rules, self._wanted, now_us, BATCH)
        if settled:
            for tag in self.tags.values():
                tag.advance(polled.now_us)
        await self._write(polled, current=current)
        self._polled_us = polled.now_us
        return current

    def _is_settled(self, now_us: int) -> bool:
        """Whether silence means that a tag is silent, and not that its source was interrupted."""
        last = self._polled_us
        if self.settles if last is None else now_us - last > STALL_US:
            self._settled_us = now_us + SETTLE_US
        return now_us >= self._settled_us

    async def _change_rules(self, polled: Polled) -> None:
        self._rules = await rules(self.conn)
        self._version = polled.version
        self._watched.change(self._rules.rules.values())
        self._calculated.change(self._rules.formulas)
        for name, tag in self.tags.items():
            rule = self._calculated.rule_of(name, self._rules.rules)
            settings = self._rules.settings.get(name, NO_SETTINGS)
            if (rule, settings) != (tag.machine.rule, tag.machine.settings):
                tag.change(rule, settings, polled.now_us)

    async def _note_new(self, polled: Polled) -> None:
        """Follow the tags that have no cursor yet."""
        first = {
            newest.tag_name: newest.first_us
            for newest in polled.newest
            if newest.tag_name not in self.tags
        }
        bad = [refused.tag_name for refused in polled.refused if refused.bad_us is not None]
        existing = self.tags.keys() | self._rules.formulas.keys() if bad else ()
        only_bad = {tag: polled.now_us - AHEAD_US for tag in bad if tag not in existing}
        new = only_bad | first
        if not new:
            return
        begin = polled.now_us - CATCH_UP_US if self.since_us is None else self.since_us
        if self.since_us is None and first:
            amount = await queries.count_samples(self.conn, [*first], begin)
            begin = polled.now_us - round(CATCH_UP_US * min(1.0, FIRST / max(1, amount)))
        for name, first_us in new.items():
            self._follow(name, max(first_us - 1, begin - 1))

    def _look(self, polled: Polled) -> None:
        """Mark the tags with new samples as wanted, and count late and early samples."""
        tags, wanted = self.tags, self._wanted
        for name, newest_us, _, late in polled.newest:
            tag = tags[name]
            if newest_us > tag.after_us:
                wanted[name] = None
            if late != tag.late:
                tag.note_late(late)
        for refused in polled.refused:
            self._refused_us = max(self._refused_us, refused.received_us)
            followed = tags.get(refused.tag_name)
            if followed is None or isinstance(followed, Calculated):
                continue
            if refused.ahead:
                followed.feed_ahead(refused.ahead, refused.value)
            if refused.bad_us is not None and refused.bad_us > followed.after_us:
                wanted[refused.tag_name] = None

    async def _judge_batch(self, now_us: int, *, live: bool) -> bool:
        """Judge up to :data:`BATCH` samples.

        Args:
            now_us: the database's clock.
            live: whether the samples have arrived since the last tick, so that none had to wait.

        Returns:
            Whether all samples are judged now.
        """
        names = [*self._wanted]
        if not names:
            return True
        names = names[:BATCH]
        each = max(1, BATCH // len(names))
        after = [(name, self.tags[name].after_us) for name in names]
        until = now_us + AHEAD_US
        good: dict[int, list[Sample]] = defaultdict(list)
        for place, ts_us, value, qc in await queries.samples(self.conn, after, until, each):
            good[place].append((ts_us, value, qc or 0))
        bad: dict[int, list[Sample]] = defaultdict(list)
        for place, ts_us in await queries.bad_samples(self.conn, after, until, each):
            bad[place].append((ts_us, math.nan, 0))
        for place, name in enumerate(names):
            samples, current = merged(good[place], bad[place], each)
            tag = self.tags[name]
            tag.feed(
                samples,
                now_us,
                current=current,
                live=live and self._polled_us is not None and tag.current,
            )
            self.judged += len(samples)
            # A tag with more samples goes to the end of the queue.
            del self._wanted[name]
            if not current:
                self._wanted[name] = None
        return not self._wanted

    async def _write(self, polled: Polled, *, current: bool) -> None:
        events: list[ProcessEvent] = []
        changed: list[Followed] = []
        for tag in self.tags.values():
            if new := tag.take():
                events += new
                changed.append(tag)
            elif tag.due_to_be_written(polled.now_us):
                changed.append(tag)
        events += self._watched.judge(events, self.tags, polled.now_us)
        evaluated = polled.now_us if current else None
        epoch, versions = self.lease.epoch, self._rules.versions
        async with self.conn.transaction():
            now_us = await store.renew(self.conn, epoch, LEASE_S, evaluated, self._refused_us)
            written = await store.write_journal(self.conn, events, versions, epoch)
            keys = {(row.tag_name, row.condition) for row in written if row.condition}
            stored = await store.read_standings(self.conn, keys | set(polled.due))
            found = answer(stored, written, polled.due, self._settings_of, now_us)
            await store.write_journal(self.conn, found.rows, versions, epoch)
            await store.write_standings(self.conn, found.standings, versions)
            if self.notifying is not None:
                rows, rules = [*written, *found.rows], self._rules
                wanted = self.notifying.wanted(
                    rows, found.standings, rules, now_us, self._watched.covers, current=current
                )
                await notify.add_messages(self.conn, wanted)
            cursors = [tag.cursor(polled.now_us) for tag in changed]
            await store.write_cursors(self.conn, cursors)
            await store.write_sources(self.conn, self._watched.changed())
        self.raised += len(written) + len(found.rows)

    def _settings_of(self, key: Key) -> AlarmSettings | None:
        tag, condition = key
        return self._rules.settings.get(tag, NO_SETTINGS).get(condition)  # type: ignore[call-overload, no-any-return]
