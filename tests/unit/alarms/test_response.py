"""How an alarm is answered: scenarios, each as the events and how the alarm stands (PRD §32.1)."""

from __future__ import annotations

import pytest

from ksys_app.domain.alarms.response import after, fold
from ksys_app.domain.alarms.settings import Policy, policy
from ksys_app.models.alarms import Act, AlarmSettings, Event, Level, ProcessEvent, Standing

ASKS = Policy(ack=True, latch=False)
LATCHES = Policy(ack=True, latch=True)
EVENT = Policy(ack=False, latch=False)
PRIORITY = {"H": 3, "HH": 2}
Step = ProcessEvent | Act


def process_event(
    event: Event, ts: int, level: Level = "H", episode: int | None = None, **of: str
) -> Step:
    """A row of the process; its episode is its own time unless another one is named."""
    return ProcessEvent(
        *(ts, "T", "HIGH", level, ts if episode is None else episode, event),
        *(85.0, 80.0, PRIORITY.get(level, 3), "GOOD", None),
        **of,
    )


def act(event: Event, ts: int, episode: int, *, one_shot: bool = False) -> Step:
    return Act(
        event, ts, episode, until_us=ts + 900 if event == "SHELVE" else None, one_shot=one_shot
    )


RAISE = process_event("RAISE", 1)
CLEAR = process_event("CLEAR", 5, episode=1)
UP, DOWN = process_event("ESCALATE", 3, "HH", 1), process_event("DEESCALATE", 4, "H", 1)
ACK, UNACK = act("ACK", 2, 1), act("UNACK", 3, 1)
AGAIN = process_event("RAISE", 9)


def shown(standing: Standing) -> str:
    if standing.active:
        return "unacked" if standing.ack == "unacked" else "acked"
    if standing.latched:
        return "latched unacked" if standing.ack == "unacked" else "latched"
    return "returned" if standing.ack == "unacked" else "normal"


@pytest.mark.parametrize(
    ("name", "how", "steps", "stands"),
    [
        ("raised", ASKS, [RAISE], "unacked"),
        ("acknowledged, then back", ASKS, [RAISE, ACK, CLEAR], "normal"),
        ("back, then acknowledged", ASKS, [RAISE, CLEAR, act("ACK", 6, 1)], "normal"),
        ("back", ASKS, [RAISE, CLEAR], "returned"),
        ("acknowledged", ASKS, [RAISE, ACK], "acked"),
        ("acknowledged twice", ASKS, [RAISE, ACK, act("ACK", 3, 1)], "acked"),
        ("taken back", ASKS, [RAISE, ACK, UNACK], "unacked"),
        ("a higher level asks again", ASKS, [RAISE, ACK, UP], "unacked"),
        ("a lower level does not", ASKS, [RAISE, UP, act("ACK", 4, 1), DOWN], "acked"),
        ("a lower level keeps asking", ASKS, [RAISE, UP, DOWN], "unacked"),
        ("an old episode is not acknowledged", ASKS, [RAISE, CLEAR, AGAIN, ACK], "unacked"),
        ("raised again", ASKS, [RAISE, ACK, CLEAR, AGAIN], "unacked"),
        ("realarm", ASKS, [RAISE, ACK, act("REALARM", 50, 1)], "unacked"),
        ("an event asks nobody", EVENT, [RAISE], "acked"),
        ("an event goes by itself", EVENT, [RAISE, CLEAR], "normal"),
        ("an event asks nobody at a higher level", EVENT, [RAISE, UP], "acked"),
        ("latched", LATCHES, [RAISE, CLEAR], "latched unacked"),
        ("latched, acknowledged", LATCHES, [RAISE, ACK, CLEAR], "latched"),
        ("latched, back, acknowledged", LATCHES, [RAISE, CLEAR, act("ACK", 6, 1)], "latched"),
        ("reset", LATCHES, [RAISE, ACK, CLEAR, act("RESET", 7, 1)], "normal"),
        ("reset needs an answer", LATCHES, [RAISE, CLEAR, act("RESET", 7, 1)], "latched unacked"),
        ("reset needs a return", LATCHES, [RAISE, ACK, act("RESET", 7, 1)], "acked"),
        (
            "switched off",
            LATCHES,
            [RAISE, process_event("CLEAR", 5, "H", 1, reason="RULE_OFF")],
            "normal",
        ),
        ("a late sample is no answer", ASKS, [RAISE, ACK, process_event("LATE", 7)], "acked"),
        ("shelved and raised", ASKS, [act("SHELVE", 0, 0), RAISE], "unacked"),
        (
            "a shelf that ends while active asks again",
            ASKS,
            [RAISE, ACK, act("SHELVE", 3, 1), act("UNSHELVE", 4, 1)],
            "unacked",
        ),
        (
            "a shelf that ends after the return asks nobody",
            ASKS,
            [RAISE, ACK, act("SHELVE", 3, 1), CLEAR, act("UNSHELVE", 6, 1)],
            "normal",
        ),
        (
            "back in service while active",
            ASKS,
            [RAISE, ACK, act("OOS_IN", 3, 1), act("OOS_OUT", 4, 1)],
            "unacked",
        ),
        (
            "released while active",
            ASKS,
            [RAISE, ACK, process_event("SUPPRESS", 3, "H", 1), process_event("RELEASE", 4, "H", 1)],
            "unacked",
        ),
    ],
)
def test_a_scenario(name: str, how: Policy, steps: list[Step], stands: str) -> None:
    assert shown(fold(steps, how)) == stands


def test_an_alarm_that_nobody_answered_is_superseded() -> None:
    returned = fold([RAISE, CLEAR], ASKS)
    standing, rows = after(returned, AGAIN, ASKS)
    assert rows == (Act("SUPERSEDED", 9, 1),)
    assert (standing.raised_at_us, standing.count, standing.cleared_at_us) == (9, 2, None)
    assert after(fold([RAISE, ACK, CLEAR], ASKS), AGAIN, ASKS)[1] == ()


def test_a_returned_alarm_keeps_the_value_that_raised_it() -> None:
    back = ProcessEvent(*(5, "T", "HIGH", "H", 1, "CLEAR"), *(70.0, 80.0, 3, "BAD", None))
    returned = fold([RAISE, back], ASKS)
    assert (returned.value, returned.limit_value, returned.quality) == (85.0, 80.0, "BAD")


@pytest.mark.parametrize(
    ("steps", "assigned"),
    [
        ([RAISE, act("ASSIGN", 2, 1)], 2),
        ([RAISE, act("ASSIGN", 2, 1), act("ASSIGN", 3, 1)], 3),
        ([RAISE, act("ASSIGN", 2, 1), ACK, UP, DOWN], 2),
        ([RAISE, act("ASSIGN", 2, 1), CLEAR], None),
        ([RAISE, CLEAR, act("ASSIGN", 6, 1)], None),
        ([RAISE, act("ASSIGN", 2, 1), CLEAR, AGAIN], None),
        ([RAISE, CLEAR, AGAIN, act("ASSIGN", 10, 1)], None),
    ],
)
def test_who_took_an_alarm_over_has_it_until_it_clears(
    steps: list[Step], assigned: int | None
) -> None:
    assert fold(steps, ASKS).assigned_at_us == assigned


def test_a_one_shot_shelf_ends_with_the_alarm() -> None:
    shelved = fold([RAISE, act("SHELVE", 2, 1, one_shot=True)], ASKS)
    assert (shelved.shelf, shelved.shelved_until_us) == ("one_shot", 902)
    standing, rows = after(shelved, CLEAR, ASKS)
    assert rows == (Act("UNSHELVE", 5, 1),)
    assert (standing.shelf, standing.shelved_until_us) == ("", None)
    timed = fold([RAISE, act("SHELVE", 2, 1), CLEAR], ASKS)
    assert timed.shelf == "timed"


def test_folding_the_rows_that_an_event_added_changes_nothing() -> None:
    shelved = fold([RAISE, CLEAR, act("SHELVE", 6, 1, one_shot=True)], ASKS)
    for event in (AGAIN, process_event("CLEAR", 12, episode=9)):
        before, (shelved, rows) = shelved, after(shelved, event, ASKS)
        assert rows
        for row in rows:
            assert after(before, row, ASKS)[0] in (before, shelved) or row.event == "UNSHELVE"
            assert after(shelved, row, ASKS)[0] == shelved


def test_suppression_does_not_stop_the_alarm() -> None:
    standing = fold([process_event("SUPPRESS", 0), act("OOS_IN", 0, 0), RAISE, UP], ASKS)
    assert (standing.designed, standing.out_of_service) == (True, True)
    assert (standing.active, standing.level, standing.priority) == (True, "HH", 2)


@pytest.mark.parametrize(
    ("priority", "settings", "expected"),
    [
        (1, None, ASKS),
        (3, None, ASKS),
        (4, None, EVENT),
        (4, AlarmSettings(ack=True), ASKS),
        (2, AlarmSettings(ack=False), EVENT),
        (2, AlarmSettings(latch=True), LATCHES),
    ],
)
def test_who_has_to_answer_depends_on_the_priority(
    priority: int, settings: AlarmSettings | None, expected: Policy
) -> None:
    assert policy(priority, settings) == expected
