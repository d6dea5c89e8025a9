"""Actions of people on alarms, with the real functions as ``eco_op`` (PRD §32.5)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from ksys_app import db
from ksys_app.domain.alarms.response import after
from ksys_app.domain.alarms.settings import Policy
from ksys_app.errors import BadParameter
from ksys_app.models.alarm_rows import Action, Item
from ksys_app.models.alarms import Act, Standing
from ksys_app.store import alarm_actions as actions
from tests import alarms

KIM = actions.Actor("Kim", "local", "10.1.2.3")
OUT_AND_IN: tuple[Action, Action] = ("out_of_service", "in_service")


@pytest.fixture
def operator() -> db.Database:
    pool = db.operator()
    assert pool is not None, "the runtime of the tests has TS_OPERATOR_DSN"
    return pool


@pytest.fixture(autouse=True)
async def no_alarms(conn: AsyncConnection) -> AsyncIterator[None]:
    yield
    await alarms.clear(conn)


async def row(conn: AsyncConnection, tag: str = "A", condition: str = "HIGH") -> dict[str, Any]:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT * FROM alarm_state WHERE (tag_name, condition) = (%s, %s)", (tag, condition)
    )
    (found,) = await cursor.fetchall()
    return found


async def newest(conn: AsyncConnection, table: str, order: str, count: int = 1) -> list[Any]:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(f"SELECT * FROM {table} ORDER BY {order} DESC LIMIT {count}")
    return await cursor.fetchall()


def results(verdicts: list[actions.Verdict]) -> list[str]:
    return [one.why or one.result for one in verdicts]


async def test_an_acknowledgement_has_an_actor_and_an_episode(
    conn: AsyncConnection, operator: db.Database
) -> None:
    raised = await alarms.put(conn, "A")
    before = await row(conn)
    items = [
        Item("A", "HIGH", raised),
        Item("A", "HIGH", raised),
        Item("A", "HIGH", raised - timedelta(seconds=1)),
        Item("A", "HIGH", None),
        Item("A", "LOW", raised),
        Item("B", "HIGH", raised),
    ]
    done = await actions.act(operator, "ack", items, KIM, " seen ")
    assert results(done) == ["done", "already", "stale", "stale", "stale", "stale"]
    after = await row(conn)
    assert (after["ack"], after["acked_by"], after["ack_comment"]) == ("acked", "Kim", "seen")
    assert after["seq"] > before["seq"]
    (noted,) = await newest(conn, "alarm_journal", "ts")
    assert noted["ts"] == after["acked_at"]
    assert {name: noted[name] for name in ("event", "actor", "via", "station", "comment")} == {
        "event": "ACK",
        "actor": "Kim",
        "via": "local",
        "station": "10.1.2.3",
        "comment": "seen",
    }
    assert (noted["raised_at"], noted["level"], noted["value"]) == (raised, "HH", 9.5)
    (recorded,) = await newest(conn, "ksys.audit", "id")
    assert (recorded["action"], recorded["actor"]) == ("alarm_ack", "Kim")
    assert (recorded["subject"], recorded["detail"]["text"]) == ("A HIGH", "seen")
    assert results(await actions.act(operator, "ack", items[:1], KIM, "")) == ["already"]
    assert (await row(conn))["seq"] == after["seq"]


@pytest.mark.parametrize(
    ("columns", "becomes"),
    [
        ({"process": "act"}, ("acked", False)),
        ({"process": "clr"}, ("acked", False)),
        ({"process": "norm"}, ("none", False)),
        ({"process": "pend"}, ("none", False)),
        ({"process": "norm", "latched": True}, ("acked", True)),
        ({"process": "act", "latched": True}, ("acked", True)),
    ],
)
async def test_what_an_acknowledged_alarm_becomes(
    conn: AsyncConnection,
    operator: db.Database,
    columns: dict[str, Any],
    becomes: tuple[str, bool],
) -> None:
    raised = await alarms.put(conn, "A", **columns)
    assert results(await actions.act(operator, "ack", [Item("A", "HIGH", raised)], KIM, "")) == [
        "done"
    ]
    after = await row(conn)
    assert (after["ack"], after["latched"]) == becomes


async def test_priority_1_needs_a_comment(conn: AsyncConnection, operator: db.Database) -> None:
    raised = await alarms.put(conn, "A", priority=1)
    other = await alarms.put(conn, "B", "LOW")
    items = [Item("A", "HIGH", raised), Item("B", "LOW", other)]
    for comment in ("", "  "):
        refused, passed = await actions.act(operator, "ack", items, KIM, comment)
        assert (refused.result, refused.why) == ("forbidden", "comment")
        assert passed.result == ("done" if comment == "" else "already")
    assert (await row(conn))["ack"] == "unacked"
    assert results(await actions.act(operator, "ack", items[:1], KIM, "pump stopped")) == ["done"]


async def test_an_acknowledgement_is_taken_back(
    conn: AsyncConnection, operator: db.Database
) -> None:
    raised = await alarms.put(conn, "A", ack="acked", acked_by="Lee")
    items = [Item("A", "HIGH", raised)]
    assert results(await actions.act(operator, "unack", items, KIM, "the wrong one")) == ["done"]
    after = await row(conn)
    assert (after["ack"], after["acked_by"], after["acked_at"]) == ("unacked", "", None)
    assert results(await actions.act(operator, "unack", items, KIM, "")) == ["already"]
    await conn.execute("UPDATE alarm_state SET ack = 'none', process = 'norm'")
    assert results(await actions.act(operator, "unack", items, KIM, "")) == ["stale"]


async def test_a_shelf_hides_an_alarm_until_it_is_taken_off(
    conn: AsyncConnection, operator: db.Database
) -> None:
    raised = await alarms.put(conn, "A", ack="acked")
    items = [Item("A", "HIGH", raised)]
    assert results(
        await actions.act(operator, "shelve", items, KIM, "test run", 15, one_shot=True)
    ) == ["done"]
    shelved = await row(conn)
    (noted,) = await newest(conn, "alarm_journal", "ts")
    assert (noted["event"], noted["reason"], noted["data"]["kind"]) == (
        "SHELVE",
        "test run",
        "one_shot",
    )
    assert shelved["shelved_until"] - noted["ts"] == pytest.approx(
        timedelta(minutes=15), abs=timedelta(seconds=5)
    )
    assert (shelved["shelved_kind"], shelved["shelved_by"]) == ("one_shot", "Kim")
    assert (shelved["ack"], shelved["process"]) == ("acked", "act")
    longer = await actions.act(operator, "shelve", items, KIM, "again", 480)
    assert results(longer) == ["done"]
    assert results(await actions.act(operator, "unshelve", items, KIM, "")) == ["done"]
    after = await row(conn)
    assert (after["shelved_until"], after["shelved_kind"], after["shelved_by"]) == (None, None, "")
    assert after["ack"] == "unacked", "nobody has acknowledged it since"
    assert results(await actions.act(operator, "unshelve", items, KIM, "")) == ["already"]


async def test_a_condition_is_shelved_before_it_raises(
    conn: AsyncConnection, operator: db.Database
) -> None:
    await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('NEW')")
    items = [
        Item("NEW", "LOW", None),
        Item("NEW", "LOW", None),
        Item("NEW", "NONSENSE", None),
        Item("NO-TAG", "LOW", None),
    ]
    done = await actions.act(operator, "shelve", items, KIM, "not built yet", 60)
    assert results(done) == ["done", "already", "stale", "stale"]
    stored = await row(conn, "NEW", "LOW")
    assert (stored["process"], stored["ack"], stored["raised_at"]) == ("norm", "none", None)
    assert results(await actions.act(operator, "unshelve", items[:1], KIM, "")) == ["done"]


@pytest.mark.parametrize(("minutes", "reason"), [(0, "x"), (481, "x"), (60, " ")])
async def test_a_shelf_has_an_end_and_a_reason(
    conn: AsyncConnection, operator: db.Database, minutes: int, reason: str
) -> None:
    raised = await alarms.put(conn, "A")
    items = [Item("A", "HIGH", raised)]
    with pytest.raises(BadParameter, match="needs a reason and ends within 480 minutes"):
        await actions.act(operator, "shelve", items, KIM, reason, minutes)
    assert (await row(conn))["shelved_until"] is None


async def test_out_of_service_and_back(conn: AsyncConnection, operator: db.Database) -> None:
    raised = await alarms.put(conn, "A", ack="acked")
    items = [Item("A", "HIGH", raised)]
    for again in ("done", "already"):
        done = await actions.act(operator, "out_of_service", items, KIM, "permit 12")
        assert results(done) == [again]
    out = await row(conn)
    assert (out["oos_by"], out["oos_reason"], out["ack"]) == ("Kim", "permit 12", "acked")
    for again in ("done", "already"):
        back = await actions.act(operator, "in_service", items, KIM, "repaired")
        assert results(back) == [again]
    after = await row(conn)
    assert (after["oos_at"], after["oos_by"], after["ack"]) == (None, None, "unacked")
    events = [one["event"] for one in await newest(conn, "alarm_journal", "ts", 2)]
    assert events == ["OOS_OUT", "OOS_IN"]
    with pytest.raises(BadParameter, match="needs a reason"):
        await actions.act(operator, "out_of_service", items, KIM, "")


async def test_a_latch_is_reset_when_the_value_is_back_and_acknowledged(
    conn: AsyncConnection, operator: db.Database
) -> None:
    raised = await alarms.put(conn, "A", latched=True)
    items = [Item("A", "HIGH", raised)]
    assert results(await actions.act(operator, "reset", items, KIM, "")) == ["active"]
    await conn.execute("UPDATE alarm_state SET process = 'norm'")
    assert results(await actions.act(operator, "reset", items, KIM, "")) == ["unacked"]
    await actions.act(operator, "ack", items, KIM, "")
    assert results(await actions.act(operator, "reset", items, KIM, "")) == ["done"]
    after = await row(conn)
    assert (after["ack"], after["latched"]) == ("none", False)
    assert results(await actions.act(operator, "reset", items, KIM, "")) == ["already"]


async def test_an_active_alarm_is_taken_over_by_name(
    conn: AsyncConnection, operator: db.Database
) -> None:
    raised = await alarms.put(conn, "A")
    items = [Item("A", "HIGH", raised)]
    old = [Item("A", "HIGH", raised - timedelta(seconds=1)), Item("A", "HIGH", None)]
    lee = actions.Actor("Lee", "local", "")

    async def take(by: actions.Actor = KIM, text: str = "", of: list[Item] = items) -> list[str]:
        return results(await actions.act(operator, "assign", of, by, text))

    assert await take(of=old) == ["stale", "stale"]
    assert await take(text=" on my way ") == ["done"]
    assert await take() == ["already"]
    (noted,) = await newest(conn, "alarm_journal", "ts")
    assigned = await row(conn)
    assert (assigned["assigned_to"], assigned["assigned_at"]) == ("Kim", noted["ts"])
    assert assigned["ack"] == "unacked", "it is no acknowledgement"
    assert (noted["event"], noted["actor"], noted["comment"]) == ("ASSIGN", "Kim", "on my way")
    assert noted["data"] == {}
    assert await take(lee) == ["done"]
    (noted,) = await newest(conn, "alarm_journal", "ts")
    assert (noted["actor"], noted["data"]) == ("Lee", {"from": "Kim"})
    (recorded,) = await newest(conn, "ksys.audit", "id")
    assert (recorded["action"], recorded["detail"]["from"]) == ("alarm_assign", "Kim")
    await conn.execute("UPDATE alarm_state SET process = 'norm'")
    assert await take() == ["cleared"]


@pytest.mark.parametrize("seed", range(4))
async def test_the_state_is_the_fold_of_the_journal(
    conn: AsyncConnection, operator: db.Database, seed: int
) -> None:
    """The worker folds the journal with ``domain.alarms.response``; both must agree."""
    chance = random.Random(seed)
    first: dict[str, Any] = {
        "process": chance.choice(["act", "clr", "norm"]),
        "latched": chance.random() < 0.5,
        "ack": chance.choice(["acked", "unacked"]),
    }
    raised = await alarms.put(conn, "A", **first)
    items = [Item("A", "HIGH", raised)]
    standing = Standing(
        active=first["process"] != "norm",
        raised_at_us=micros(raised),
        ack=first["ack"],
        latched=first["latched"],
    )
    outcomes: set[str] = set()
    for _ in range(30):
        one_shot, oos = chance.random() < 0.5, chance.choice(OUT_AND_IN)
        act = chance.choice(
            [
                partial(actions.act, operator, "ack", items, KIM, "seen"),
                partial(actions.act, operator, "unack", items, KIM, ""),
                partial(actions.act, operator, "shelve", items, KIM, "x", 9, one_shot=one_shot),
                partial(actions.act, operator, "unshelve", items, KIM, ""),
                partial(actions.act, operator, oos, items, KIM, "x"),
                partial(actions.act, operator, "reset", items, KIM, ""),
                partial(actions.act, operator, "assign", items, KIM, ""),
            ]
        )
        (done,) = await act()
        outcomes.add(done.result)
        if done.result == "done":
            (noted,) = await newest(conn, "alarm_journal", "ts")
            found = await row(conn)
            until = None if found["shelved_until"] is None else micros(found["shelved_until"])
            event = Act(noted["event"], micros(noted["ts"]), micros(raised), until,
                        one_shot=noted["data"].get("kind") == "one_shot")  # fmt: skip
            standing, _ = after(standing, event, Policy(ack=True, latch=False))
        found = await row(conn)
        acked = None if found["acked_at"] is None else micros(found["acked_at"])
        assert (standing.ack, standing.acked_at_us) == (found["ack"], acked)
        assert (standing.latched, standing.shelf) == (found["latched"], found["shelved_kind"] or "")
        assert standing.out_of_service == (found["oos_at"] is not None)
        assigned = None if found["assigned_at"] is None else micros(found["assigned_at"])
        assert standing.assigned_at_us == assigned
    assert "done" in outcomes


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


async def test_of_two_acknowledgements_at_once_one_is_done(
    conn: AsyncConnection, operator: db.Database
) -> None:
    tags = [f"T{n:02}" for n in range(40)]
    items = [Item(tag, "HIGH", await alarms.put(conn, tag)) for tag in tags]
    both = await asyncio.gather(
        actions.act(operator, "ack", items, KIM, ""),
        actions.act(operator, "ack", items[::-1], actions.Actor("Lee", "local", ""), ""),
    )
    assert sorted(one.result for done in both for one in done) == ["already"] * 40 + ["done"] * 40
    cursor = await conn.execute(
        "SELECT count(*), count(DISTINCT acked_by) FROM alarm_state WHERE ack = 'acked'"
    )
    assert await cursor.fetchone() == (40, 1)


@pytest.mark.parametrize(
    "items",
    [
        "'{A,B}', '{HIGH}', ARRAY[now()]",
        "NULL, NULL, NULL",
        "NULL, '{HIGH}', ARRAY[now()]",
        "'{A}', NULL, ARRAY[now()]",
        "'{A}', '{HIGH}', NULL",
        "array_fill('A'::text, '{2001}'), array_fill('HIGH'::text, '{2001}'),"
        " array_fill(now(), '{2001}')",
    ],
)
async def test_items_that_do_not_fit_together_are_refused(
    conn: AsyncConnection, items: str
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="three arrays of the same"):
        await conn.execute(f"SELECT ksys.alarm_ack({items}, 'Kim', 'local', '', '')".encode())


@pytest.mark.parametrize("actor", ["NULL", "''", "'  '"])
async def test_nobody_changes_nothing(conn: AsyncConnection, actor: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="needs an actor"):
        await conn.execute(
            f"SELECT ksys.alarm_ack('{{}}', '{{}}', '{{}}', {actor}, 'local', '', '')".encode()
        )


async def test_odd_items_are_stale_and_change_nothing(conn: AsyncConnection) -> None:
    """Nulls, a table in place of a list, and times without an end."""
    cursor = await conn.execute(
        "SELECT result FROM ksys.alarm_shelve("
        " ARRAY[[NULL, 'NOPE'], ['NOPE', '']], ARRAY[['HIGH', NULL], ['EVIL', 'HIGH']],"
        " ARRAY[[NULL, 'infinity'], ['-infinity', NULL]]::timestamptz[],"
        " 'Kim', 'local', '', 'why', 5, NULL)"
    )
    assert await cursor.fetchall() == [("stale",)] * 4
    cursor = await conn.execute("SELECT count(*) FROM alarm_state")
    assert await cursor.fetchone() == (0,)
