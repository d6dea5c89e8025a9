"""Routes and digests of messages about alarms (PRD §32.10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ksys_app import resources
from ksys_app.domain.alarms.digest import GIVE_UP, batches, given_up, next_try
from ksys_app.domain.alarms.routing import announced, deliveries, not_needed, takes
from ksys_app.domain.alarms.times import SECOND, microseconds
from ksys_app.errors import ConfigError
from ksys_app.models.alarms import Event, ProcessEvent, Standing
from ksys_app.models.notify import Purpose, Route, Routes, Waiting
from ksys_app.workers.notify.routes_file import read_routes

NOW = datetime(2026, 8, 14, 10, 0, tzinfo=UTC)  # a Friday
SHIFT = Route("shift", "smtp", ("a@plant", "b@plant"))
CALL = Route("call", "webhook", ("call",), on_raise=False)
WEBHOOK = 'name = "w"\nkind = "webhook"\nurl = "https://x.example"\nkey_env = "KEY"\n'
MAIL = 'name = "m"\nkind = "smtp"\nrecipients = ["a@plant"]\n'
SMTP = '[smtp]\nhost = "mail"\nfrom = "ksys@plant"\n'


def event(name: Event, priority: int | None = 2) -> ProcessEvent:
    return ProcessEvent(5, "D100", "HIGH", "HH", 5, name, 9.0, 8.0, priority, "GOOD")


def row(**values: object) -> Waiting:
    first = Waiting(
        *("1", "tell", "shift", "a@plant", "RAISE", NOW, "D100", "HIGH", NOW, "key", NOW, NOW, 0)
    )
    return replace(first, **values)  # type: ignore[arg-type]


STANDS = Standing(active=True, priority=2, ack="unacked")


@pytest.mark.parametrize(
    ("name", "priority", "standing", "purpose"),
    [
        ("RAISE", 2, STANDS, "tell"),
        ("ESCALATE", 1, STANDS, "tell"),
        ("REALARM", 3, STANDS, "tell"),
        ("CLEAR", 3, STANDS, "clear"),
        ("DEESCALATE", 3, STANDS, None),
        ("RAISE", 4, STANDS, None),
        ("RAISE", 2, replace(STANDS, shelf="timed"), None),
        ("CLEAR", 2, replace(STANDS, shelf="one_shot"), None),
        ("RAISE", 2, replace(STANDS, designed=True), None),
        ("REALARM", 2, replace(STANDS, out_of_service=True), None),
        ("UNSHELVE", 2, STANDS, "tell"),
        ("RELEASE", 2, STANDS, "tell"),
        ("UNSHELVE", 2, replace(STANDS, active=False), None),
        ("UNSHELVE", 2, replace(STANDS, designed=True), None),
    ],
)
def test_who_is_shown_an_alarm_hears_of_it(
    name: Event, priority: int, standing: Standing, purpose: Purpose | None
) -> None:
    assert announced(event(name, priority), standing) == purpose


@pytest.mark.parametrize(
    ("route", "when", "taken"),
    [
        (SHIFT, NOW, True),
        (replace(SHIFT, priorities=frozenset({1})), NOW, False),
        (replace(SHIFT, groups=frozenset({"Reactor"})), NOW, True),
        (replace(SHIFT, groups=frozenset({"Cooling"})), NOW, False),
        (replace(SHIFT, weekdays=frozenset({4})), NOW, True),
        (replace(SHIFT, weekdays=frozenset({5, 6})), NOW, False),
        (replace(SHIFT, hours=(600, 601)), NOW, True),
        (replace(SHIFT, hours=(540, 600)), NOW, False),
        (replace(SHIFT, hours=(1320, 360)), NOW, False),
        # The night of Friday ends on Saturday.
        (replace(SHIFT, hours=(1320, 360), weekdays=frozenset({4})), NOW.replace(hour=22), True),
        (
            replace(SHIFT, hours=(1320, 360), weekdays=frozenset({4})),
            NOW.replace(day=15, hour=5),
            True,
        ),
        (replace(SHIFT, hours=(1320, 360), weekdays=frozenset({4})), NOW.replace(hour=5), False),
    ],
)
def test_a_route_takes_its_priorities_groups_hours_and_days(
    route: Route, when: datetime, taken: bool
) -> None:
    assert takes(route, 2, "Reactor", when) is taken


def test_each_recipient_gets_a_message_and_later_the_escalation() -> None:
    escalating = replace(SHIFT, escalate_after_s=60.0, escalate_to="call")
    routes = Routes({"shift": escalating, "call": CALL})
    found = list(deliveries(event("RAISE"), "tell", "", routes, NOW))
    assert [(one.purpose, one.recipient) for one in found] == [
        *(("tell", "a@plant"), ("tell", "b@plant"), ("escalate", "call")),
    ]
    assert [one.due_us - microseconds(NOW) for one in found] == [0, 0, 60 * SECOND]
    again = list(deliveries(event("RAISE"), "tell", "", routes, NOW + timedelta(hours=1)))
    assert [one.dedupe_key for one in again] == [one.dedupe_key for one in found]
    assert len({one.dedupe_key for one in found}) == 3
    clears = list(deliveries(event("CLEAR"), "clear", "", routes, NOW))
    assert {one.recipient for one in clears} == {"a@plant", "b@plant", "call"}


def test_one_person_in_two_routes_gets_one_message() -> None:
    routes = Routes({"shift": SHIFT, "day": replace(SHIFT, name="day")})
    found = list(deliveries(event("RAISE"), "tell", "", routes, NOW))
    assert len(found) == 4
    assert len({one.dedupe_key for one in found}) == 2


@pytest.mark.parametrize(
    ("values", "needed"),
    [
        ({}, True),
        ({"purpose": "escalate"}, True),
        ({"purpose": "escalate", "unacked": False}, False),
        ({"purpose": "clear"}, False),
        ({"purpose": "clear", "was_notified": True}, True),
        ({"route": "removed"}, False),
        ({"created_at": NOW + timedelta(minutes=6)}, True),
        ({"created_at": NOW + timedelta(minutes=6), "active": False}, False),
        ({"created_at": NOW + timedelta(minutes=4), "active": False}, True),
        ({"over": True}, True),
        ({"over": True, "condition": "GAP"}, False),
        ({"condition": "GAP"}, True),
    ],
)
def test_what_nobody_needs_any_more_is_not_sent(values: dict[str, object], needed: bool) -> None:
    assert (not_needed(row(**values), Routes({"shift": SHIFT})) == "") is needed


def test_in_a_flood_a_recipient_gets_one_message_a_minute() -> None:
    routes = Routes({"shift": SHIFT, "urgent": replace(SHIFT, name="urgent", digest=False)})
    rows = [row(id=str(number)) for number in range(500)]
    rows += [row(id="b", recipient="b@plant"), row(id="u", route="urgent")]
    first = batches(rows, routes, {}, NOW)
    assert [len(batch) for batch in first] == [500, 1, 1]
    later = batches(rows, routes, {"a@plant": NOW}, NOW + timedelta(seconds=59))
    assert [batch[0].id for batch in later] == ["b", "u"]
    last = batches(rows, routes, {"a@plant": NOW}, NOW + timedelta(seconds=60))
    assert [len(batch) for batch in last] == [500, 1, 1]


def test_a_message_is_tried_less_and_less_often_for_a_day() -> None:
    waits = [(next_try(attempt, NOW) - NOW).total_seconds() for attempt in range(1, 10)]
    assert waits == [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert next_try(10_000, NOW) - NOW == timedelta(minutes=15)
    assert not given_up(row(), NOW + GIVE_UP - timedelta(seconds=1))
    assert given_up(row(), NOW + GIVE_UP)


def test_the_example_is_read() -> None:
    routes = read_routes(resources.ROOT / "deploy" / "routes.toml")
    assert routes is not None
    assert [*routes.routes] == ["day-shift", "urgent", "on-call"]
    day, urgent, call = routes.routes.values()
    assert (day.hours, day.escalate_to) == ((360, 1320), "on-call")
    assert day.weekdays == frozenset(range(5))
    assert (urgent.priorities, urgent.digest) == (frozenset({1}), False)
    assert (call.recipients, call.on_raise, call.on_clear) == (("on-call",), False, True)
    assert routes.server is not None
    assert routes.server.port == 587
    assert routes.heartbeat_url
    assert [route.language for route in routes.routes.values()] == ["ko", "ko", "en"]
    assert read_routes(None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "route: field required"),
        ("[[route]", "is no TOML"),
        (f"[[route]]\n{WEBHOOK.replace('KEY', 'KSYS_KEY')}", "KSYS_ and TS_ are settings"),
        (f"[[route]]\n{WEBHOOK}colour = 1", "route w colour: extra inputs are not permitted"),
        (f"[[route]]\n{WEBHOOK}language = 'de'", "route w language: input should be 'en' or 'ko'"),
        (f"[[route]]\n{WEBHOOK}priorities = [4]", "route w priorities.0: input should be less"),
        (f'[[route]]\n{WEBHOOK}hours = "6-22"', "'6-22' are no hours such as 06:00-22:00"),
        (f'[[route]]\n{WEBHOOK}weekdays = ["Monday"]', "route w weekdays.0"),
        (f"[[route]]\n{WEBHOOK}[[route]]\n{WEBHOOK}", "two routes are called w"),
        (f"[[route]]\n{MAIL}", "route m: a mail needs the table [smtp]"),
        ('[[route]]\nname = "w"\nkind = "webhook"', "route w: a webhook needs url and key_env"),
        (f'{SMTP}[[route]]\nname = "m"\nkind = "smtp"', "route m: a mail needs recipients"),
        (f"{SMTP}user = 'u'\n[[route]]\n{MAIL}", "smtp: user and password_env belong together"),
        (f"{SMTP}[[route]]\n{MAIL.replace('a@plant', 'a')}", "'a' is no mail address"),
        (f"[[route]]\n{WEBHOOK}escalate_after_s = 5", "belong together"),
        (
            f'[[route]]\n{WEBHOOK}escalate_after_s = 5\nescalate_to = "x"',
            "there is no route x to escalate to",
        ),
        (f'[[route]]\n{WEBHOOK}escalate_after_s = 5\nescalate_to = "w"', "in a circle"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "routes.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_routes(file)
    assert error.value.message.startswith(f"KSYS_ROUTES: {file}")
    assert message in error.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_routes(tmp_path / "routes.toml")
