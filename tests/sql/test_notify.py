"""Messages about alarms: the worker puts them into the outbox, a program sends them (§32.10)."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from ksys_app.db import connect
from ksys_app.driver import reconnecting
from ksys_app.errors import SchemaDrift
from ksys_app.models.notify import MailServer as Server, Route, Routes
from ksys_app.ops.alarms.outbox import status as outbox_status
from ksys_app.store import alarms as store
from ksys_app.store.notify import claim_messages
from ksys_app.workers.alarms.evaluator import Evaluator
from ksys_app.workers.alarms.outbox import Notifying
from ksys_app.workers.alarms.worker import AlarmWorker
from ksys_app.workers.notify import notifier
from ksys_app.workers.notify.notifier import Notifier
from ksys_app.workers.notify.send import Sender
from tests import plant
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.receivers import MailServer, Receiver, mail_server, receiver
from tests.waiting import until

SHIFT = Route("shift", "smtp", ("a@plant", "b@plant"), priorities=frozenset({1, 2}))
CALL = Route("call", "webhook", ("call",), on_raise=False)
ROUTES = Routes({"shift": replace(SHIFT, escalate_after_s=60, escalate_to="call"), "call": CALL})


@dataclass
class Outbox:
    """A worker that judges the samples of a test, and its messages."""

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
        """Write samples of a tag, each with its age in seconds, and judge them."""
        await self.add(tag, *samples)
        await self.judge()

    async def add(self, tag: str, *samples: tuple[float, float]) -> None:
        """Write samples of a tag, each with its age in seconds."""
        await self.conn.execute(
            "INSERT INTO public.influx_hist (ts, tag_name, value)"
            " SELECT clock_timestamp() - age * interval '1 second', %s, value"
            " FROM unnest(%s::float8[], %s::float8[]) AS s (age, value)",
            [tag, [age for age, _ in samples], [value for _, value in samples]],
        )

    async def judge(self) -> None:
        """Judge all stored samples, as a program that has just started."""
        lease = await store.acquire(self.conn, "test", 600.0)
        assert lease is not None
        notifying = Notifying(self.routes, ZoneInfo("UTC"))
        worker = Evaluator(self.conn, lease, since_us=0, notifying=notifying)
        await worker.load()
        while not await worker.tick():
            pass

    async def states(self, tag: str) -> set[str]:
        """States of the messages about a tag, as everybody may read them."""
        cursor = await self.conn.execute(
            "SELECT state FROM public.alarm_message WHERE tag_name = %s", [tag]
        )
        return {state for (state,) in await cursor.fetchall()}

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
    # A tag of an earlier test is silent after a while, which is an alarm too.
    for table in ("influx_hist", "tag_latest", "influx_qc_rule", "alarm_rule", "alarm_state"):
        await base.conn.execute(f"DELETE FROM public.{table}".encode())
    await base.conn.execute("TRUNCATE ksys.alarm_outbox")
    return Outbox(base.dsn, base.conn)


async def test_the_worker_notes_a_message_for_each_recipient_once(outbox: Outbox) -> None:
    await outbox.rule("R1")
    await outbox.send("R1", (20, 30.0))
    first = [("RAISE", "tell", "a@plant"), ("RAISE", "tell", "b@plant")]
    assert await outbox.rows("R1") == [*first, ("RAISE", "escalate", "call")]
    waits = await outbox.rows("R1", "extract(epoch FROM wanted_at - created_at)::int / 60")
    assert waits == [(0,), (0,), (1,)]
    await outbox.judge()
    await outbox.send("R1", (10, 5.0))
    clear = {("CLEAR", "clear", name) for name in ("a@plant", "b@plant", "call")}
    rows = await outbox.rows("R1")
    assert len(rows) == 6
    assert {*rows} == {*first, ("RAISE", "escalate", "call"), *clear}


async def test_an_alarm_without_a_route_gives_no_message_when_it_raises_and_clears(
    outbox: Outbox,
) -> None:
    await outbox.rule("R2", priority=3)
    await outbox.send("R2", (20, 30.0), (10, 5.0))
    assert await outbox.rows("R2") == []


async def test_an_alarm_is_announced_at_the_level_that_a_route_accepts(
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


async def test_a_lost_source_is_one_message_and_a_silence_alone_waits_a_minute(
    outbox: Outbox,
) -> None:
    for tag in ("L1", "L2", "L3", "L4"):
        await outbox.conn.execute(
            "INSERT INTO public.influx_qc_rule (tag_name, enabled, max_gap_seconds, meta)"
            """ VALUES (%s, true, 10, '{"group": "mill"}')""",
            [tag],
        )
        await outbox.add(tag, (300 if tag == "L4" else 100, 5.0), (0, 5.0))
    outbox.routes = Routes({"shift": replace(SHIFT, groups=frozenset({"mill"}))})
    await outbox.conn.execute(
        "INSERT INTO public.alarm_rule (tag_name, condition, priority) VALUES ('L4', 'GAP', 2)"
    )
    await outbox.judge()
    first = [("RAISE", "tell", "a@plant"), ("RAISE", "tell", "b@plant")]
    assert await outbox.rows("mill") == first
    assert await outbox.rows("L1") == []
    waits = await outbox.rows("L4", "event, extract(epoch FROM wanted_at - created_at)::int / 60")
    assert {*waits} == {("RAISE", 1), ("CLEAR", 0)}


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


KEY = "of the webhook"
LEASE = """
UPDATE public.alarm_lease
SET until = now() + %s::text::interval, evaluated_to = now() - interval '1 hour'
"""


@dataclass
class Sending:
    """The program that sends messages, whose clock a test moves, and the receivers."""

    outbox: Outbox
    mail: MailServer
    hook: Receiver
    notifier: Notifier
    begin: datetime | None = None

    async def after(self, seconds: float) -> None:
        """One step so many seconds after the first step."""
        if self.begin is None:
            self.begin = await plant.clock(self.outbox.conn)
        await self.notifier.step(self.outbox.conn, self.begin + timedelta(seconds=seconds))

    def subjects(self, address: str = "a@plant") -> list[str]:
        """Subjects of the mails to an address, without the key."""
        return [str(mail["Subject"]).partition(" (")[0] for mail in self.mail.to(address)]

    def called(self) -> list[str]:
        """Purposes of the requests that the webhook accepted."""
        bodies = [json.loads(body) for _, body in self.hook.requests]
        return [event["purpose"] for body in bodies for event in body["events"]]


@pytest.fixture
async def sending(outbox: Outbox) -> AsyncIterator[Sending]:
    async with mail_server() as mail, receiver() as hook:
        routes = Routes(
            {
                "shift": replace(SHIFT, escalate_after_s=60, escalate_to="call"),
                "call": replace(CALL, url=hook.url, key_env="KEY", language="ko"),
            },
            Server("127.0.0.1", mail.port, "ksys@plant", "none"),
        )
        outbox.routes = routes
        sender = Sender.of(routes, {"KEY": KEY})
        yield Sending(outbox, mail, hook, Notifier(outbox.dsn, sender, ZoneInfo("UTC")))


RAISED = "[Ksys] Raised, High: {} Jacket, Very high"
CLEARED = "[Ksys] Back to normal, High: {} Jacket, Very high"


async def test_each_recipient_gets_a_mail_once_and_then_that_it_cleared(sending: Sending) -> None:
    await sending.outbox.rule("M1", cause="Cooling", response="Open V3")
    await sending.outbox.send("M1", (20, 30.0))
    await sending.after(0)
    await sending.after(1)
    assert sending.subjects("a@plant") == sending.subjects("b@plant") == [RAISED.format("M1")]
    mail = sending.mail.mails[0]
    key = mail["Ksys-Dedupe-Key"]
    assert f"(key {key[:8]})" in mail["Subject"]
    assert mail["Message-ID"] == f"<{key}@plant>"
    for text in ("value 30 bar, limit 20 bar", "Cause: Cooling", "Response: Open V3", f"key {key}"):
        assert text in mail.get_content()
    await sending.outbox.send("M1", (10, 5.0))
    await sending.after(59)
    assert len(sending.mail.mails) == 2, "a recipient gets one mail in 60 s"
    await sending.after(62)
    assert sending.subjects("b@plant") == [RAISED.format("M1"), CLEARED.format("M1")]


async def test_a_refused_mail_is_sent_again_less_and_less_often(sending: Sending) -> None:
    await sending.outbox.rule("M2")
    await sending.outbox.send("M2", (20, 30.0))
    sending.mail.refuses = 4
    await sending.after(0)
    assert sending.mail.mails == []
    errors = await sending.outbox.rows("M2", "attempt, error")
    assert errors[0][0] == 1
    assert "451" in errors[0][1]
    assert await sending.outbox.states("M2") == {"failing", "waiting"}
    await sending.after(5)
    assert sending.mail.refuses == 2, "not before 10 s"
    await sending.after(12)
    assert sending.mail.refuses == 0
    await sending.after(25)
    assert sending.mail.mails == [], "not before 20 s more"
    await sending.after(40)
    assert sending.subjects("a@plant") == sending.subjects("b@plant") == [RAISED.format("M2")]
    await sending.after(50)
    assert len(sending.mail.mails) == 2


async def test_a_server_that_is_away_for_a_day_is_given_up_and_status_says_so(
    sending: Sending,
) -> None:
    await sending.outbox.rule("M3")
    away = Server("127.0.0.1", 1, "ksys@plant", "none")
    routes = replace(sending.outbox.routes, server=away)
    sending.notifier.sender = Sender(routes, {"KEY": KEY})
    await sending.outbox.send("M3", (20, 30.0))
    await sending.after(0)
    found = await outbox_status(sending.outbox.dsn)
    assert (found.working, found.failing, found.given_up) == (False, 2, [])
    await sending.outbox.conn.execute(
        "UPDATE ksys.alarm_outbox SET wanted_at = wanted_at - interval '1 day'"
    )
    await sending.after(20)
    found = await outbox_status(sending.outbox.dsn)
    assert [(one.recipient, one.count) for one in found.given_up] == [
        *(("a@plant", 1), ("b@plant", 1)),
    ]
    assert "SMTPConnectError" in found.given_up[0].error
    code, output, _ = await ksys("notify", "status", TS_ALARM_DSN=sending.outbox.dsn)
    assert code == 1
    assert "1 given up" in output
    assert await sending.outbox.states("M3") == {"given_up", "waiting"}
    # Nobody got a message about the alarm, so nobody gets one about its end.
    sending.notifier.sender = Sender(sending.outbox.routes, {"KEY": KEY})
    await sending.outbox.send("M3", (10, 5.0))
    await sending.after(2000)
    assert sending.mail.mails == []


async def test_a_recipient_of_a_delayed_raise_gets_raise_and_clear_in_order(
    sending: Sending,
) -> None:
    await sending.outbox.rule("M4")
    sending.mail.refuses = 2
    await sending.outbox.send("M4", (20, 30.0))
    await sending.after(0)
    await sending.outbox.send("M4", (10, 5.0))
    await sending.after(2)
    assert sending.mail.mails == []
    await sending.after(15)
    assert sending.subjects() == [RAISED.format("M4")]
    await sending.after(80)
    assert sending.subjects() == [RAISED.format("M4"), CLEARED.format("M4")]


async def test_without_an_acknowledgement_the_next_route_gets_a_signed_request(
    sending: Sending,
) -> None:
    await sending.outbox.rule("E1")
    await sending.outbox.send("E1", (20, 30.0))
    sending.hook.answers = [500, 302, 0]
    for seconds in (0, 59, 62, 80, 110, 200):
        await sending.after(seconds)
    assert sending.called() == ["escalate"], "after three failures of three kinds"
    headers, body = sending.hook.requests[0]
    proof = hmac.new(KEY.encode(), headers["ksys-timestamp"].encode() + b"." + body, "sha256")
    assert headers["ksys-signature"] == f"sha256={proof.hexdigest()}"
    content = json.loads(body)
    assert headers["ksys-dedupe-key"] == content["dedupe_key"] == content["events"][0]["dedupe_key"]
    assert content["subject"].startswith("[Ksys] 미확인, 높음: E1 Jacket, 상한 위험(HH) (키 ")
    assert "값 30 bar, 한계 20 bar" in content["text"]
    (event,) = content["events"]
    assert (event["tag_name"], event["level"], event["value"]) == ("E1", "HH", 30.0)
    await sending.outbox.send("E1", (10, 5.0))
    await sending.after(300)
    assert sending.called() == ["escalate", "clear"]


@pytest.mark.parametrize(
    ("tag", "change"),
    [
        ("E2", "ack = 'acked', acked_at = clock_timestamp()"),
        ("E3", "shelved_until = now() + interval '1 hour', shelved_kind = 'timed'"),
        ("E4", "raised_at = raised_at + interval '1 s'"),
    ],
)
async def test_an_escalation_stops_when_nobody_has_to_acknowledge_the_episode(
    sending: Sending, tag: str, change: str
) -> None:
    await sending.outbox.rule(tag)
    await sending.outbox.send(tag, (20, 30.0))
    await sending.after(0)
    await sending.outbox.conn.execute(
        f"UPDATE public.alarm_state SET {change} WHERE tag_name = %s".encode(), [tag]
    )
    await sending.after(70)
    assert sending.hook.requests == []
    rows = await sending.outbox.rows(tag, "purpose, error, attempt")
    assert rows[2] == ("escalate", "nobody waits for an acknowledgement", 0)
    assert await sending.outbox.states(tag) == {"sent", "not_needed"}


async def test_a_flood_is_one_mail_a_minute_for_each_recipient(sending: Sending) -> None:
    tags = [f"F{number}" for number in range(30)]
    for tag in tags:
        await sending.outbox.rule(tag)
    await sending.outbox.send(tags[0], (20, 30.0))
    await sending.after(0)
    for tag in tags[1:]:
        await sending.outbox.add(tag, (20, 30.0))
    await sending.outbox.judge()
    await sending.after(30)
    assert len(sending.mail.to("a@plant")) == 1
    await sending.after(61)
    assert sending.subjects() == [RAISED.format("F0"), "[Ksys] 29 alarms: Raised 29"]
    text = sending.mail.to("a@plant")[1].get_content()
    assert all(f"Raised, High: {tag} " in text for tag in tags[1:])


async def test_an_alarm_that_was_over_before_it_was_found_gives_no_message(
    sending: Sending,
) -> None:
    await sending.outbox.rule("C1")
    await sending.outbox.send("C1", (3600, 30.0), (3000, 5.0))
    await sending.outbox.rule("C2")
    await sending.outbox.send("C2", (3600, 30.0))
    await sending.after(0)
    assert sending.subjects() == [RAISED.format("C2")]


async def test_of_two_programs_one_sends_and_a_killed_one_is_replaced(sending: Sending) -> None:
    await sending.outbox.rule("P1")
    await sending.outbox.send("P1", (20, 30.0))
    ids = [name for (name,) in await sending.outbox.rows("P1", "id::text")]
    now = await plant.clock(sending.outbox.conn)
    assert len(await claim_messages(sending.outbox.conn, ids, now, 180)) == 2
    assert await claim_messages(sending.outbox.conn, ids, now, 180) == set()
    await sending.after(100)
    assert sending.mail.mails == []
    await sending.after(181)
    assert sending.subjects() == [RAISED.format("P1")]


async def test_a_message_that_was_sent_but_not_recorded_is_sent_again_with_its_key(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sending.outbox.rule("K1")
    await sending.outbox.send("K1", (20, 30.0))
    with monkeypatch.context() as patch:

        async def killed(*_: object) -> None:
            raise RuntimeError("killed")

        patch.setattr("ksys_app.store.notify.mark_sent", killed)
        with pytest.raises(RuntimeError, match="killed"):
            await sending.after(0)
    await sending.after(200)
    first, *_, last = sending.mail.to("a@plant")
    assert first["Message-ID"] == last["Message-ID"]


async def test_the_heartbeat_is_called_every_five_minutes_while_somebody_evaluates(
    sending: Sending,
) -> None:
    async with receiver() as watch:
        routes = replace(sending.outbox.routes, heartbeat_url=watch.url)
        sending.notifier.sender = Sender(routes, {"KEY": KEY})
        await sending.outbox.conn.execute(LEASE, ["1 hour"])
        watch.answers = [500]
        for seconds, calls in ((0, 0), (59, 0), (61, 1), (300, 1), (362, 2)):
            await sending.after(seconds)
            assert len(watch.requests) == calls, seconds
        await sending.outbox.conn.execute(LEASE, ["-1 hour"])
        await sending.after(700)
        assert len(watch.requests) == 2


async def test_a_route_that_the_file_no_longer_has_ends_its_messages(sending: Sending) -> None:
    await sending.outbox.rule("N1")
    await sending.outbox.send("N1", (20, 30.0))
    sending.notifier.sender = Sender(Routes({"call": CALL}), {})
    await sending.after(0)
    errors = await sending.outbox.rows("N1", "error")
    assert errors[0] == ("the file has no route shift any more",)


async def test_eco_alarm_may_judge_and_send(sending: Sending) -> None:
    await sending.outbox.rule("A1")
    await sending.outbox.add("A1", (20, 30.0))
    await sending.outbox.conn.execute("SET ROLE eco_alarm")
    try:
        await sending.outbox.judge()
        await sending.after(0)
    finally:
        await sending.outbox.conn.execute("RESET ROLE")
    assert sending.subjects() == [RAISED.format("A1")]


async def test_a_worker_does_not_start_where_it_cannot_note_messages(outbox: Outbox) -> None:
    notifying = Notifying(ROUTES, ZoneInfo("UTC"))
    worker = AlarmWorker(outbox.dsn, once=True, holder="test", notifying=notifying)
    await outbox.conn.execute("ALTER TABLE ksys.alarm_outbox RENAME TO other")
    try:
        with pytest.raises(SchemaDrift, match="alarm_outbox"):
            await worker.run(asyncio.Event())
    finally:
        await outbox.conn.execute("ALTER TABLE ksys.other RENAME TO alarm_outbox")


async def test_the_program_sends_by_itself_and_goes_on_after_the_database_was_away(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [psycopg.OperationalError("away"), psycopg.OperationalError("away")]

    async def failing(dsn: str) -> AsyncConnection:
        if failures:
            raise failures.pop()
        return await connect(dsn)

    monkeypatch.setattr(reconnecting, "connect", failing)
    monkeypatch.setattr(notifier, "TICK_S", 0.01)
    caplog.set_level(logging.INFO, "ksys")
    await sending.outbox.rule("BACK")
    await sending.outbox.send("BACK", (20, 30.0))
    stop = asyncio.Event()
    running = asyncio.create_task(sending.notifier.run(stop))

    async def sent() -> bool:
        return len(sending.mail.mails) == 2

    await until(sent)
    stop.set()
    await running
    events = [line.split()[0] for line in caplog.messages if line.startswith("notify_")]
    assert events == ["notify_fail", "notify_recover"]
