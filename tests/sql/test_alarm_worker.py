"""The alarm worker writes the events of the machine of §32.1 once, after any fault (§32.4)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.abc import PQGen

from ksys_app.db import connect
from ksys_app.driver import reconnecting
from ksys_app.driver.supervised import SupervisedConnection
from ksys_app.ops.alarms import from_database
from ksys_app.ops.alarms.from_database import Span, Wanted
from ksys_app.store import alarms as store
from ksys_app.store.alarms import LeaseLost
from ksys_app.workers.alarms import evaluator, worker
from ksys_app.workers.alarms.evaluator import Evaluator
from ksys_app.workers.alarms.worker import AlarmWorker
from tests.alarm_worker import CALCULATED, evaluate, expected, load, read_journal, written
from tests.conftest import ALARM_PASSWORD
from tests.database import TestDatabases
from tests.ksys import KSYS, ksys
from tests.waiting import until

RV = TypeVar("RV")
CUTS = 50
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def own(databases: TestDatabases) -> AsyncIterator[str]:
    """DSN of a database of its own."""
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


class Cut(SupervisedConnection):
    """A connection that breaks after some exchanges, before or after the server did its part."""

    left: int
    after: bool

    async def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        self.left -= 1
        if self.left > 0:
            return await super().wait(gen, *args, **options)
        if self.after:
            await super().wait(gen, *args, **options)
        self.pgconn.finish()
        raise psycopg.OperationalError("the connection was cut")


async def test_the_journal_is_the_machine_s_and_the_state_is_its_fold(
    own: str, databases: TestDatabases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also in small batches, as ``eco_alarm``, and in a replay; a second run writes nothing."""
    role = databases.as_role(own, "eco_alarm", ALARM_PASSWORD)
    async with await connect(own) as conn:
        await load(conn, 20, 300)
        due = await expected(conn)
        assert {row[5] for row in due[0]} >= {
            "RAISE",
            "CLEAR",
            "ESCALATE",
            "SUPERSEDED",
            "SUPPRESS",
        }
        lost = [row for row in due[0] if row[2] == "SOURCE_LOST"]
        assert {row[5] for row in lost} >= {"RAISE", "CLEAR"}
        found = {(row[1], row[5]) for row in due[0] if row[1] in CALCULATED}
        assert found >= {(name, "RAISE") for name in CALCULATED if name != "X_UNKNOWN"}
        monkeypatch.setattr(evaluator, "BATCH", 500)
        await evaluate(role)
        assert await written(conn) == due
        await evaluate(role)
        assert await written(conn) == due
        until = max(ts for ts, *_ in due[0]) + timedelta(seconds=10)
        out = tmp_path / "journal.csv"
        await from_database.replay(own, Span(FIRST, until), Wanted(), out, lambda *_: None)
        assert sorted(read_journal(out)) == sorted(due[0])


async def test_nothing_is_lost_or_doubled_by_fifty_cuts_at_any_statement(
    own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, cut = Random(7), 0

    async def cutting(dsn: str) -> AsyncConnection:
        nonlocal cut
        conn = await connect(dsn)
        if cut < CUTS:
            cut += 1
            conn.__class__ = Cut
            assert isinstance(conn, Cut)
            conn.left, conn.after = chance.randrange(1, 30), chance.random() < 0.5
        return conn

    monkeypatch.setattr(evaluator, "BATCH", 60)
    monkeypatch.setattr(worker, "TICK_S", 0.0)
    monkeypatch.setattr(reconnecting, "connect", cutting)
    async with await connect(own) as conn:
        await load(conn, 15, 200)
        due = await expected(conn)
        await evaluate(own)
        assert cut == CUTS
        assert await written(conn) == due


async def test_two_that_take_the_lease_from_each_other_write_everything_once(
    own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both judge all the time; a worker that has lost the lease writes nothing and starts again."""
    monkeypatch.setattr(evaluator, "BATCH", 200)
    monkeypatch.setattr(evaluator, "LEASE_S", 0.0)
    async with await connect(own) as conn, await connect(own) as a, await connect(own) as b:
        await load(conn, 15, 200)
        due = await expected(conn)
        both: dict[AsyncConnection, Evaluator] = {}
        rounds: list[set[bool | type]] = [set()]
        while True not in rounds[-1]:
            for number, one in enumerate((a, b)):
                if one not in both:
                    lease = await store.acquire(one, f"worker {number}", 0.0)
                    assert lease is not None
                    both[one] = Evaluator(one, lease, since_us=0)
                    await both[one].load()
            ended = await asyncio.gather(
                *(both[one].tick() for one in (a, b)), return_exceptions=True
            )
            rounds.append({one if isinstance(one, bool) else type(one) for one in ended})
            for one, result in zip((a, b), ended, strict=True):
                if not isinstance(result, bool):
                    del both[one]
        assert rounds[1:-1] == [{False, LeaseLost}] * (len(rounds) - 2)
        assert len(rounds) > 10
        assert await written(conn) == due


async def test_who_lost_the_lease_writes_nothing(own: str) -> None:
    async with await connect(own) as conn, await connect(own) as other:
        await load(conn, 1, 200)
        first = await store.acquire(conn, "first", 0.0)
        assert first is not None
        stale = Evaluator(conn, first, since_us=0)
        await stale.load()
        second = await store.acquire(other, "second", 60.0)
        assert second is not None
        assert second.epoch == first.epoch + 1
        with pytest.raises(LeaseLost):
            await stale.tick()
        assert await written(other) == ([], {})
        assert await store.acquire(conn, "third", 60.0) is None
        await store.release(conn, first.epoch)
        assert await store.acquire(conn, "third", 60.0) is None, "an old epoch ends no lease"
        await store.release(other, second.epoch)
        assert await store.acquire(conn, "third", 60.0) is not None


async def test_a_killed_program_is_followed_by_another_and_a_stopped_one_at_once(own: str) -> None:
    environment = os.environ | {"TS_ADMIN_DSN": own}
    command = (str(KSYS), "alarms", "run", "--from", "2000-01-01T00:00:00Z")

    async def begin() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command, env=environment, stderr=asyncio.subprocess.DEVNULL
        )

    async def holder() -> tuple[int, bool]:
        found = await conn.execute(
            "SELECT epoch, until > clock_timestamp() FROM public.alarm_lease"
        )
        row = await found.fetchone()
        assert row is not None
        return row

    async def holds(epoch: int) -> bool:
        return await holder() == (epoch, True)

    async with await connect(own) as conn:
        await load(conn, 10, 300)
        due = await expected(conn)
        killed, standby = await begin(), None
        try:
            await until(lambda: holds(1))
            standby = await begin()
            killed.send_signal(signal.SIGKILL)
            await killed.wait()
            await until(lambda: holds(2))

            row = await (await conn.execute("SELECT max(ts) FROM public.influx_hist")).fetchone()
            assert row is not None
            newest = row[0]

            async def complete() -> bool:
                """Whether all samples are judged; half a minute later their silence is an alarm."""
                rows, states = await written(conn)
                silent = {(tag, condition) for ts, tag, condition, *_ in rows if ts > newest}
                return [one for one in rows if one[0] <= newest] == due[0] and all(
                    states[key] == standing for key, standing in due[1].items() if key not in silent
                )

            await until(complete)
            standby.send_signal(signal.SIGTERM)
            assert await standby.wait() == 0
            assert await holder() == (2, False), "SIGTERM gives the lease back"
        finally:
            for process in (killed, standby):
                if process is not None and process.returncode is None:
                    process.kill()


async def test_status_says_who_evaluates_and_fails_if_nobody_does(own: str) -> None:
    code, out, _ = await ksys("alarms", "status", TS_ADMIN_DSN=own)
    assert (code, "nobody has evaluated yet" in out) == (1, True)
    async with await connect(own) as conn:
        await load(conn, 3, 100)
        code, _, _ = await ksys("alarms", "run", "--once", "--from", "2000-01-01", TS_ADMIN_DSN=own)
        assert code == 0
        _, states = await written(conn)
        code, out, _ = await ksys("alarms", "status", "--json", TS_ADMIN_DSN=own)
        found = json.loads(out)
        assert (code, found["evaluating"], found["epoch"]) == (1, False, 1), "it has ended"
        assert (found["tags"], found["behind"], found["behind_count"]) == (3, [], 0)
        active = [one for one in states.values() if one[0]]
        assert found["counts"]["unacked"] + found["counts"]["acked"] == len(active)
        await conn.execute(
            "UPDATE public.alarm_lease SET until = now() + interval '1 hour',"
            " evaluated_to = now() + interval '1 hour'"
        )
        code, out, _ = await ksys("alarms", "status", TS_ADMIN_DSN=own)
        assert (code, "epoch 1" in out) == (0, True)


async def test_a_worker_waits_for_a_database_that_is_away_and_goes_on(
    databases: TestDatabases, own: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ksys")
    stop = asyncio.Event()
    alarms = AlarmWorker(own, since_us=0)
    async with await connect(own) as conn:
        await load(conn, 3, 100)
    running = asyncio.create_task(alarms.run(stop))
    await alarms.ticked.wait()
    await databases.stop(own)

    async def logged(event: str) -> bool:
        return event in caplog.text

    await until(lambda: logged("alarm_fail"))
    await databases.start(own)
    await until(lambda: logged("alarm_recover"))
    assert caplog.text.count("alarm_fail") == 1
    async with await connect(own) as conn:
        await conn.execute(
            "INSERT INTO public.influx_qc_rule (tag_name, enabled, warn_max)"
            " VALUES ('LATER', true, 1)"
        )
        await conn.execute(
            "INSERT INTO public.alarm_rule (tag_name, condition, on_delay_s)"
            " VALUES ('LATER', 'HIGH', 0)"
        )
        await conn.execute(
            "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (now(), 'LATER', 2)"
        )

        async def raised() -> bool:
            return ("LATER", "HIGH") in (await written(conn))[1]

        await until(raised)
        stop.set()
        await running
        # Delays that were running then have ended, so there may be more rows.
        assert set((await expected(conn))[0]) <= set((await written(conn))[0])
