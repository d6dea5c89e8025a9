"""The alarm worker while samples arrive: clocks, late rows, rules, shelves, restarts (PRD §32.4).

Instead of waiting, a test moves the clock of a tick; samples have times of the moved clock.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from ksys_app.db import connect
from ksys_app.domain.alarms.times import SECOND, microseconds, moment
from ksys_app.queries import alarms as queries
from ksys_app.queries.alarms import Polled
from ksys_app.store import alarms as store
from ksys_app.workers.alarms import evaluator
from ksys_app.workers.alarms.evaluator import Evaluator
from tests import plant
from tests.database import TestDatabases

DAY = 86_400


@dataclass
class Live:
    """A worker whose clock the test moves.

    ``begin``: the database's clock at the start, rounded to a second; every time of the test is in
    seconds after it.
    """

    conn: AsyncConnection
    patch: pytest.MonkeyPatch
    begin: int
    worker: Evaluator | None = None
    seconds: float = 0.0

    async def start(self) -> None:
        """Start a worker, as a program does, from the stored state."""
        lease = await store.acquire(self.conn, "test", 600.0)
        assert lease is not None
        self.worker = Evaluator(self.conn, lease)
        await self.worker.load()

    async def at(self, seconds: float) -> None:
        """One tick at that time; the first one starts the worker."""
        self.seconds = seconds
        if self.worker is None:
            await self.start()
        assert self.worker is not None
        while not await self.worker.tick():
            pass

    async def send(self, tag: str, *samples: tuple[float, float], qc: int = 0) -> None:
        """Samples of a tag: seconds and value."""
        times = [self.time(seconds) for seconds, _ in samples]
        await self.conn.execute(
            "INSERT INTO public.influx_hist (ts, tag_name, value, qc)"
            " SELECT ts, %s, value, %s"
            " FROM unnest(%s::timestamptz[], %s::float8[]) AS s (ts, value)",
            [tag, qc, times, [value for _, value in samples]],
        )

    def time(self, seconds: float) -> Any:
        """The time of the database that is this many seconds after ``begin``."""
        return moment(self.begin + round(seconds * SECOND))

    async def rule(self, tag: str, **limits: object) -> None:
        """Limits of a tag; without delays."""
        names = [*limits]
        await self.conn.execute(
            f"INSERT INTO public.influx_qc_rule (tag_name, enabled, {', '.join(names)})"
            f" VALUES (%s, true, {', '.join(['%s'] * len(names))})".encode(),
            [tag, *limits.values()],
        )

    async def delays(self, tag: str, condition: str, on: float, off: float = 0.0) -> None:
        """Settings of a condition."""
        await self.conn.execute(
            "INSERT INTO public.alarm_rule (tag_name, condition, on_delay_s, off_delay_s)"
            " VALUES (%s, %s, %s, %s)",
            [tag, condition, on, off],
        )

    async def expression(self, name: str, text: str) -> None:
        """A saved expression."""
        await self.conn.execute(
            "INSERT INTO public.expression (name, text, version, author) VALUES (%s, %s, 1, 'ann')"
            " ON CONFLICT (name) DO UPDATE SET text = excluded.text",
            [name, text],
        )

    async def events(self, tag: str) -> list[tuple[str, str, float]]:
        """Event, condition and seconds of each row of a tag's journal."""
        found = await self.conn.execute(
            "SELECT event, condition, ts FROM public.alarm_journal"
            " WHERE tag_name = %s ORDER BY ts, recorded_at",
            [tag],
        )
        return [
            (event, condition, (microseconds(ts) - self.begin) / SECOND)
            for event, condition, ts in await found.fetchall()
        ]

    async def state(self, tag: str, column: str = "ack", condition: str = "HIGH") -> Any:
        """A column of the state of an alarm of a tag."""
        found = await self.conn.execute(
            f"SELECT {column} FROM public.alarm_state"
            " WHERE tag_name = %s AND condition = %s".encode(),
            [tag, condition],
        )
        row = await found.fetchone()
        return None if row is None else row[0]

    async def set_state(self, tag: str, assignment: str, *values: object) -> None:
        """Change the state of a tag's alarms, in place of a person."""
        await self.conn.execute(
            f"UPDATE public.alarm_state SET {assignment} WHERE tag_name = %s".encode(),
            [*values, tag],
        )


@pytest.fixture(scope="module")
async def base(databases: TestDatabases) -> AsyncIterator[AsyncConnection]:
    """One database for all; each test has its own tags."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        yield conn
    await databases.drop(dsn)


@pytest.fixture
async def live(base: AsyncConnection, monkeypatch: pytest.MonkeyPatch) -> Live:
    # A test may have moved the clock by days.
    await base.execute("UPDATE public.alarm_lease SET evaluated_to = NULL, refused_to = NULL")
    now = microseconds(await plant.clock(base)) // SECOND * SECOND
    live = Live(base, monkeypatch, now)
    real = queries.poll

    async def moved(conn: AsyncConnection, since_us: int) -> Polled:
        polled = await real(conn, since_us)
        return replace(polled, now_us=live.begin + round(live.seconds * SECOND))

    monkeypatch.setattr(queries, "poll", moved)
    # Most tests let minutes pass between two ticks.
    monkeypatch.setattr(evaluator, "STALL_US", 10**15)
    return live


async def test_a_delay_ends_at_its_own_time_in_the_time_of_the_tag(live: Live) -> None:
    await live.rule("D1", warn_max=10)
    await live.send("D1", (-3, 5.0), (-1, 20.0))
    await live.at(0)
    await live.at(8)
    assert await live.events("D1") == [], "10 s after the sample, 2 s of grace, 1 s of lag"
    await live.at(13)
    assert await live.events("D1") == [("RAISE", "HIGH", 9.0)]
    assert await live.state("D1") == "unacked"


async def test_a_delay_goes_on_over_a_restart(live: Live) -> None:
    await live.rule("D2", warn_max=10)
    await live.send("D2", (-3, 5.0), (-1, 20.0))
    await live.at(0)
    await live.at(11)
    live.worker = None
    await live.at(5)
    await live.at(13)
    assert await live.events("D2") == [("RAISE", "HIGH", 9.0)]


async def test_a_slow_clock_raises_no_gap_while_it_sends(live: Live) -> None:
    await live.rule("SLOW", warn_max=10, max_gap_seconds=30)
    for second in range(0, 100, 10):
        await live.send("SLOW", (second - 600, 5.0))
        await live.at(second)
    assert await live.events("SLOW") == []
    await live.at(130)
    assert await live.events("SLOW") == [("RAISE", "GAP", 90 - 600 + 30)]


async def test_samples_of_a_burst_are_judged_when_they_have_arrived(live: Live) -> None:
    """A peak of two seconds, sent ten seconds later, is shorter than its delay of five."""
    await live.rule("BURST", warn_max=10)
    await live.delays("BURST", "HIGH", on=5)
    for begin in range(-20, 40, 10):
        peak = begin + 9 if begin == 10 else None
        samples = [(float(s), 20.0 if s == peak else 5.0) for s in range(begin, begin + 10)]
        for second in range(begin + 10, begin + 20):
            if second == begin + 10:
                await live.send("BURST", *samples)
            await live.at(second)
    assert await live.events("BURST") == []


async def test_after_a_stall_sources_have_time_to_send_held_back_samples(live: Live) -> None:
    live.patch.setattr(evaluator, "STALL_US", 3 * SECOND)
    await live.rule("STALL", warn_max=10, max_gap_seconds=30)
    await live.send("STALL", (-11, 5.0), (-1, 5.0))
    for second in (0, 1):
        await live.at(second)
    await live.at(61)
    assert await live.events("STALL") == [], "a silence of a minute, while nothing ran"
    await live.send("STALL", *((float(second), 5.0) for second in range(9, 60, 10)))
    for second in range(62, 70):
        await live.at(second)
    assert await live.events("STALL") == []
    for second in range(70, 96):
        await live.at(second)
    assert await live.events("STALL") == [("RAISE", "GAP", 89.0)]


async def test_a_tag_two_hours_ahead_is_noted_and_judged_when_its_time_has_come(
    live: Live,
) -> None:
    await live.rule("AHEAD", warn_max=10)
    await live.delays("AHEAD", "HIGH", on=0)
    await live.send("AHEAD", (-5, 5.0))
    await live.at(0)
    await live.send("AHEAD", (7200, 20.0))
    await live.at(1)
    await live.at(2)
    assert await live.events("AHEAD") == [("CLOCK", "", -5.0)]
    live.worker = None
    await live.at(3)
    assert await live.events("AHEAD") == [("CLOCK", "", -5.0)], "read once, also by the next worker"
    await live.send("AHEAD", (4, 20.0))
    await live.at(5)
    assert (await live.events("AHEAD"))[1:] == [("RAISE", "HIGH", 4.0)]


async def test_late_samples_are_counted_and_change_nothing(live: Live) -> None:
    await live.rule("LATE", warn_max=10)
    await live.delays("LATE", "HIGH", on=0)
    await live.send("LATE", (-5, 5.0))
    await live.at(0)
    await live.send("LATE", (-3700, 20.0), (-3800, 20.0))
    for second in (-90.0, -80.0, -70.0):
        await live.send("LATE", (second, 20.0))
        await live.at(1)
    assert await live.events("LATE") == [("LATE", "", -5.0)]
    await live.at(12)
    found = await live.conn.execute(
        "SELECT late_count FROM public.alarm_cursor WHERE tag_name = 'LATE'"
    )
    assert await found.fetchone() == (3,), "what is older than an hour is history"
    live.worker = None
    await live.at(13)
    assert await live.events("LATE") == [("LATE", "", -5.0)]


async def test_a_sample_without_a_value_is_bad(live: Live) -> None:
    await live.rule("NAN", warn_max=10)
    await live.delays("NAN", "INSTR", on=5)
    await live.delays("NAN", "HIGH", on=0)
    await live.send("NAN", (-20, 20.0))
    await live.at(-19)
    await live.send("NAN", (-18, math.nan), (-15, math.nan), (-12, math.nan))
    await live.at(-11)
    assert await live.events("NAN") == [("RAISE", "HIGH", -20.0), ("RAISE", "INSTR", -13.0)]
    await live.send("NAN", (-10, 20.0))
    await live.at(-9)
    assert (await live.events("NAN"))[2:] == [("CLEAR", "INSTR", -10.0)], "HIGH stays"


async def test_a_rule_that_changes_while_an_alarm_is_active(live: Live) -> None:
    await live.rule("RULE", warn_max=10)
    await live.delays("RULE", "HIGH", on=0)
    await live.send("RULE", (-1, 20.0))
    await live.at(0)
    assert await live.state("RULE", "process") == "act"
    change = "UPDATE public.influx_qc_rule SET {} WHERE tag_name = 'RULE'"
    await live.conn.execute(change.format("warn_max = 30").encode())
    await live.at(5)
    events = [event for event, *_ in await live.events("RULE")]
    assert events[0] == "RAISE"
    assert sorted(events[1:]) == ["CLEAR", "RULE_CHANGED"], "both have the same time"
    assert await live.state("RULE", "process") == "norm"
    await live.conn.execute(change.format("warn_max = 15").encode())
    await live.at(10)
    await live.conn.execute(change.format("enabled = false").encode())
    await live.at(15)
    events = [event for event, *_ in await live.events("RULE")]
    assert sorted(events[3:6]) == ["RAISE", "RULE_CHANGED", "SUPERSEDED"]
    assert sorted(events[6:]) == ["CLEAR", "RULE_CHANGED"]
    assert await live.state("RULE") == "none", "a condition that is off waits for nobody"


async def test_a_shelf_that_ends_while_active_and_an_old_acknowledgement(live: Live) -> None:
    await live.rule("SHELF", warn_max=10)
    await live.delays("SHELF", "HIGH", on=0)
    await live.send("SHELF", (-1, 20.0))
    await live.at(0)
    await live.set_state(
        "SHELF",
        "ack = 'acked', acked_at = now(), shelved_kind = 'timed', shelved_until = now() + %s",
        timedelta(hours=1),
    )
    await live.at(1)
    assert await live.state("SHELF", "shelved_kind") == "timed"
    await live.set_state("SHELF", "shelved_until = now()")
    await live.at(2)
    assert (await live.events("SHELF"))[-1][0] == "UNSHELVE"
    assert await live.state("SHELF", "shelved_until") is None
    assert await live.state("SHELF") == "unacked"
    await live.set_state("SHELF", "ack = 'acked', acked_at = now() - %s", timedelta(hours=1))
    await live.set_state("SHELF", "assigned_to = 'Kim', assigned_at = now()")
    realarm = "UPDATE public.alarm_rule SET realarm_s = {} WHERE tag_name = 'SHELF'"
    await live.conn.execute(realarm.format(7200).encode())
    await live.at(3)
    assert await live.state("SHELF") == "acked"
    await live.conn.execute(realarm.format(60).encode())
    await live.at(4)
    assert (await live.events("SHELF"))[-1][0] == "REALARM"
    assert await live.state("SHELF", "assigned_to") == "Kim"
    assert await live.state("SHELF") == "unacked"


async def test_a_one_shot_shelf_ends_when_the_alarm_clears(live: Live) -> None:
    await live.rule("SHOT", warn_max=10)
    await live.delays("SHOT", "HIGH", on=0)
    await live.send("SHOT", (-3, 20.0))
    await live.at(-2)
    shelf = "shelved_kind = 'one_shot', shelved_until = now() + interval '1 hour'"
    await live.set_state("SHOT", shelf)
    await live.set_state("SHOT", "assigned_to = 'Kim', assigned_at = now()")
    await live.send("SHOT", (-1, 5.0))
    await live.at(0)
    assert [event for event, *_ in await live.events("SHOT")] == ["RAISE", "CLEAR", "UNSHELVE"]
    assert await live.state("SHOT", "shelved_kind") is None
    assert (await live.state("SHOT", "assigned_to"), await live.state("SHOT", "assigned_at")) == (
        *("", None),
    )


async def test_after_more_than_a_day_the_worker_notes_the_hole(live: Live) -> None:
    await live.rule("HOLE", warn_max=10)
    await live.delays("HOLE", "HIGH", on=0)
    await live.send("HOLE", (-2, 20.0))
    await live.at(0)
    live.worker = None
    later = 3.0 * DAY
    await live.conn.execute("SET session_replication_role = replica")
    await live.send("HOLE", (DAY, 5.0), (later - 1, 5.0))
    await live.conn.execute("SET session_replication_role = origin")
    await live.conn.execute(
        "UPDATE public.tag_latest SET ts = %s WHERE tag_name = 'HOLE'", [live.time(later - 1)]
    )
    await live.at(later)
    assert await live.events("HOLE") == [("RAISE", "HIGH", -2.0), ("CLEAR", "HIGH", later - 1)]
    assert await live.events("") == [("EVALUATION_HOLE", "", later - DAY)]
    found = await live.conn.execute(
        "SELECT data FROM public.alarm_journal WHERE event = 'EVALUATION_HOLE'"
    )
    row = await found.fetchone()
    assert row is not None
    assert row[0]["to_us"] == live.begin + round((later - DAY) * SECOND)


async def test_a_lost_source_is_one_alarm_also_with_a_restart_in_between(live: Live) -> None:
    live.begin -= 40 * SECOND  # no sample may be a minute ahead
    tags = ("G0", "G1", "G2", "G3")
    for place, tag in enumerate(tags):
        await live.rule(tag, max_gap_seconds=30, meta=Jsonb({"group": "mill"}))
        await live.send(tag, (-5 + 2.0 * place, 5.0))
        await live.at(-4 + 2 * place)
    for second in (12, 22, 29):
        await live.send("G3", (second - 0.5, 5.0))
        await live.at(second)
    assert await live.events("G0") == [("RAISE", "GAP", 25.0)]
    assert await live.events("mill") == []
    live.worker = None
    for second in (31, 34):
        await live.send("G3", (second - 0.5, 5.0))
        await live.at(second)
    assert await live.events("mill") == [("RAISE", "SOURCE_LOST", 29.0)]
    assert await live.state("G0", "designed_by", "GAP") == "SOURCE_LOST"
    live.worker = None
    for tag in tags:
        await live.send(tag, (38, 5.0), (46, 5.0))
    await live.at(47)
    for second in (56, 66, 72):
        for tag in tags:
            await live.send(tag, (second + 0.5, 5.0))
        await live.at(second + 1)
    expected = {("RAISE", 25.0), ("SUPPRESS", 29.0), ("CLEAR", 38.0), ("RELEASE", 38.0)}
    assert {(event, ts) for event, _, ts in await live.events("G0")} == expected
    assert await live.state("G0", "ack", "GAP") == "acked", "nobody has to answer for it"
    assert await live.events("mill") == [
        ("RAISE", "SOURCE_LOST", 29.0),
        ("CLEAR", "SOURCE_LOST", 68.0),
    ]
    assert await live.state("mill", "ack", "SOURCE_LOST") == "unacked"


async def test_a_calculated_tag_is_judged_when_all_of_its_tags_have_samples(live: Live) -> None:
    """``C1B`` is ten seconds late; the worker restarts after each tick."""
    await live.expression("C1", "C1A - C1B")
    await live.rule("C1", warn_max=10)
    await live.delays("C1", "HIGH", on=0)
    for tag in ("C1A", "C1B"):
        await live.send(tag, (-30, 5.0))
    await live.at(-20)
    for second in range(-19, 21):
        await live.send("C1A", (second, 20.0 if -5 <= second < 5 else 5.0))
        await live.send("C1B", (second - 10, 5.0))
        live.worker = None
        await live.at(second)
        if second == 3:
            assert await live.events("C1") == [], "it waits for C1B"
    assert await live.events("C1") == [("RAISE", "HIGH", -5.0), ("CLEAR", "HIGH", 5.0)]
    assert await live.state("C1") == "unacked"


async def test_a_calculated_tag_has_no_value_while_one_of_its_tags_has_none(live: Live) -> None:
    live.begin -= 300 * SECOND
    await live.expression("C2", "C2A + C2B")
    await live.rule("C2", warn_max=10, max_gap_seconds=30)
    await live.delays("C2", "HIGH", on=15)
    await live.rule("C2B", max_gap_seconds=60)
    for tag in ("C2A", "C2B"):
        await live.send(tag, (-30, 1.0))
    await live.at(-20)
    for second in range(-10, 150, 10):
        await live.send("C2A", (second, 20.0))
        if second < 20:
            await live.send("C2B", (second, math.nan if second == 0 else 1.0))
        await live.at(second + 1)
    events = await live.events("C2")
    assert events == [
        ("RAISE", "HIGH", 25.0),
        ("RAISE", "GAP", 100.0),
    ], "garbage at 0 ends the wait, C2B is too old from 70 on"
    assert await live.state("C2", "process", "INSTR") is None, "C2B has that alarm"


async def test_an_expression_may_change_be_deleted_and_lose_its_name_to_a_tag(live: Live) -> None:
    await live.expression("C3", "C3A")
    await live.rule("C3", warn_max=10)
    await live.delays("C3", "HIGH", on=0)
    await live.send("C3A", (-60, 5.0))
    await live.at(-59)
    await live.send("C3A", (-58, 20.0))
    await live.at(-57)
    await live.expression("C3", "C3A / 4")
    await live.at(-56)
    await live.send("C3A", (-55, 20.0))
    await live.at(-54)
    await live.expression("C3", "C3A")
    await live.at(-53)
    await live.send("C3A", (-52, 20.0))
    await live.at(-51)
    expected = [("RAISE", "HIGH", -58.0), ("CLEAR", "HIGH", -55.0), ("RAISE", "HIGH", -52.0)]
    assert [one for one in await live.events("C3") if one[0] != "SUPERSEDED"] == expected
    await live.conn.execute("DELETE FROM public.expression WHERE name = 'C3'")
    await live.at(-50)
    assert {one for one, *_ in (await live.events("C3"))[4:]} == {"RULE_CHANGED", "CLEAR"}
    assert await live.state("C3", "process") == "norm"
    live.worker = None
    await live.send("C3A", (-48, 30.0))
    await live.at(-47)
    await live.expression("C3", "C3A")
    await live.at(-46)
    assert await live.state("C3", "process") == "norm", "the old value is not judged again"
    await live.send("C3A", (-45, 30.0))
    await live.at(-44)
    assert await live.state("C3", "process") == "act"
    await live.send("C3", (-40, 5.0))
    await live.at(-39)
    assert await live.state("C3", "process") == "norm", "the tag has the name"
    await live.send("C3A", (-38, 30.0))
    await live.send("C3", (-30, math.nan), (-15, math.nan))
    await live.at(-14)
    assert await live.state("C3", "process", "INSTR") == "act"


async def test_a_calculated_tag_after_a_day_without_a_worker(live: Live) -> None:
    """Values of the time without a worker are not judged."""
    await live.expression("C4", "C4A")
    await live.rule("C4", warn_max=10)
    await live.delays("C4", "HIGH", on=0)
    await live.send("C4A", (-4, 5.0))
    await live.at(-3)
    live.worker = None
    later = 3.0 * DAY
    await live.conn.execute("SET session_replication_role = replica")
    await live.send("C4A", (DAY, 20.0), (DAY + 60, 5.0), (later - 1, 20.0))
    await live.conn.execute("SET session_replication_role = origin")
    await live.conn.execute(
        "UPDATE public.tag_latest SET ts = %s WHERE tag_name = 'C4A'", [live.time(later - 1)]
    )
    await live.at(later)
    assert await live.events("C4") == [("RAISE", "HIGH", later - 1)]
