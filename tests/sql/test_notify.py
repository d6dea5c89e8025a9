"""Messages about alarms: what the worker puts into the outbox, and what becomes of it (§32.10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from ksys_app.db import connect
from ksys_app.models.notify import Route, Routes
from ksys_app.store import alarms as store
from ksys_app.workers.alarms.evaluator import Evaluator
from ksys_app.workers.alarms.outbox import Notifying
from tests.database import TestDatabases

SHIFT = Route("shift", "smtp", ("a@plant", "b@plant"), priorities=frozenset({1, 2}))
CALL = Route("call", "webhook", ("call",), on_raise=False)
ROUTES = Routes({"shift": replace(SHIFT, escalate_after_s=60, escalate_to="call"), "call": CALL})


@dataclass
class Outbox:
    """A worker that judges what the test sends, and the messages that follow."""

    dsn: str
    conn: AsyncConnection[tuple[Any, ...]]
    routes: Routes = ROUTES

    async def rule(self, tag: str, **settings: object) -> None:
        """A tag with H at 10 and HH at 20, without delays."""
        await self.conn.execute(
            "INSERT INTO public.influx_qc_rule (tag_name, enabled, warn_max, crit_max, meta)"
            """ VALUES (%s, true, 10, 20, '{"title": "Jacket", "unit": "bar"}')""",
            [tag],
        )
        names = ["tag_name", "condition", "on_delay_s", "off_delay_s", *settings]
        await self.conn.execute(
            f"INSERT INTO public.alarm_rule ({', '.join(names)})"
            f" VALUES ({', '.join(['%s'] * len(names))})".encode(),
            [tag, "HIGH", 0, 0, *settings.values()],
        )

    async def send(self, tag: str, *samples: tuple[float, float]) -> None:
        """Samples of a tag, each with its age in seconds, and what the worker makes of them."""
        await self.conn.execute(
            "INSERT INTO public.influx_hist (ts, tag_name, value)"
            " SELECT clock_timestamp() - age * interval '1 second', %s, value"
            " FROM unnest(%s::float8[], %s::float8[]) AS s (age, value)",
            [tag, [age for age, _ in samples], [value for _, value in samples]],
        )
        await self.judge()

    async def judge(self) -> None:
        """Judge everything that is there, as a program that has just begun."""
        lease = await store.acquire(self.conn, "test", 600.0)
        assert lease is not None
        notifying = Notifying(self.routes, ZoneInfo("UTC"))
        worker = Evaluator(self.conn, lease, since_us=0, notifying=notifying)
        await worker.load()
        while not await worker.tick():
            pass

    async def rows(self, tag: str, columns: str = "event, purpose, recipient") -> list[Any]:
        """Columns of the messages about a tag, the first due first."""
        cursor = self.conn.cursor(row_factory=tuple_row)
        await cursor.execute(
            f"SELECT {columns} FROM ksys.alarm_outbox WHERE tag_name = %s"
            " ORDER BY wanted_at, ts, purpose, recipient".encode(),
            [tag],
        )
        return await cursor.fetchall()


@pytest.fixture(scope="module")
async def base(databases: TestDatabases) -> AsyncIterator[Outbox]:
    """One database for all; each test has its own tags."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        yield Outbox(dsn, conn)
    await databases.drop(dsn)


@pytest.fixture
async def outbox(base: Outbox) -> Outbox:
    await base.conn.execute("TRUNCATE ksys.alarm_outbox")
    return Outbox(base.dsn, base.conn)


async def test_the_worker_notes_a_message_for_each_recipient_once(outbox: Outbox) -> None:
    await outbox.rule("R1")
    await outbox.send("R1", (20, 30.0))
    told = [("RAISE", "tell", "a@plant"), ("RAISE", "tell", "b@plant")]
    assert await outbox.rows("R1") == [*told, ("RAISE", "escalate", "call")]
    waits = await outbox.rows("R1", "extract(epoch FROM wanted_at - created_at)::int / 60")
    assert waits == [(0,), (0,), (1,)]
    await outbox.judge()
    await outbox.send("R1", (10, 5.0))
    clear = {("CLEAR", "clear", name) for name in ("a@plant", "b@plant", "call")}
    rows = await outbox.rows("R1")
    assert len(rows) == 6
    assert {*rows} == {*told, ("RAISE", "escalate", "call"), *clear}


async def test_what_no_route_takes_gives_no_message_not_even_that_it_cleared(
    outbox: Outbox,
) -> None:
    await outbox.rule("R2", priority=3)
    await outbox.send("R2", (20, 30.0), (10, 5.0))
    assert await outbox.rows("R2") == []


async def test_a_raise_that_a_higher_level_follows_is_told_when_a_route_takes_it(
    outbox: Outbox,
) -> None:
    await outbox.rule("R3")
    await outbox.send("R3", (20, 15.0), (15, 25.0), (10, 5.0))
    assert {(event, purpose) for event, purpose, _ in await outbox.rows("R3")} == {
        *(("ESCALATE", "tell"), ("ESCALATE", "escalate"), ("CLEAR", "clear")),
    }


@pytest.mark.parametrize(
    ("tag", "hidden"),
    [
        ("S1", "shelved_until = now() + interval '1 hour', shelved_kind = 'timed'"),
        ("S2", "designed_by = 'RANGE'"),
        ("S3", "oos_at = clock_timestamp(), oos_by = 'kim'"),
    ],
)
async def test_a_hidden_alarm_gives_no_message(outbox: Outbox, tag: str, hidden: str) -> None:
    await outbox.rule(tag)
    await outbox.conn.execute(
        "INSERT INTO public.alarm_state (tag_name, condition) VALUES (%s, 'HIGH')", [tag]
    )
    await outbox.conn.execute(
        f"UPDATE public.alarm_state SET {hidden} WHERE tag_name = %s".encode(), [tag]
    )
    await outbox.send(tag, (20, 30.0))
    await outbox.send(tag, (10, 5.0))
    assert await outbox.rows(tag) == []


async def test_a_shelf_that_ends_while_the_alarm_is_active_calls_again(outbox: Outbox) -> None:
    await outbox.rule("S4")
    await outbox.conn.execute(
        "INSERT INTO public.alarm_state (tag_name, condition, shelved_until, shelved_kind)"
        " VALUES ('S4', 'HIGH', clock_timestamp() + interval '1 hour', 'timed')"
    )
    await outbox.send("S4", (20, 30.0))
    assert await outbox.rows("S4") == []
    await outbox.conn.execute(
        "UPDATE public.alarm_state SET shelved_until = clock_timestamp() WHERE tag_name = 'S4'"
    )
    await outbox.judge()
    rows = await outbox.rows("S4")
    assert rows[:2] == [("UNSHELVE", "tell", "a@plant"), ("UNSHELVE", "tell", "b@plant")]


async def test_the_group_of_an_alarm_chooses_its_route(outbox: Outbox) -> None:
    await outbox.rule("G1", group_name="Reactor")
    await outbox.rule("G2")
    outbox.routes = Routes({"shift": replace(SHIFT, groups=frozenset({"Reactor"}))})
    await outbox.send("G1", (20, 30.0))
    await outbox.send("G2", (20, 30.0))
    assert len(await outbox.rows("G1")) == 2
    assert await outbox.rows("G2") == []


async def test_messages_and_journal_are_written_together_or_not_at_all(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outbox.rule("T1")
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise RuntimeError("cut")

        patch.setattr("ksys_app.store.alarms.write_cursors", fail)
        with pytest.raises(RuntimeError, match="cut"):
            await outbox.send("T1", (20, 30.0))
    assert await outbox.rows("T1") == []
    await outbox.judge()
    assert len(await outbox.rows("T1")) == 3
