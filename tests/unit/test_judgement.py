"""The problems and the warnings of ``ksys db status``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ksys_app.commands import status_view
from ksys_app.ops.check import Check, headline
from ksys_app.ops.verify import judgement
from ksys_app.ops.verify.status import Lag, Server, Status, Tag
from tests import docs

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
KST = ZoneInfo("Asia/Seoul")
MINUTE = timedelta(minutes=1)
SERVER = Server("plant", "15.18", "2.28.3", None, 9_000_000, NOW)
STATUS = Status(SERVER, [], [], True, [], [], [], [])
LAG = Lag("influx_agg_1h", NOW - timedelta(days=90), NOW, True, True, None, None)


def tag(name: str, ago: timedelta, *, allowed: timedelta = MINUTE, ahead: bool = False) -> Tag:
    return Tag(name, NOW - ago, allowed, ahead)


def names(state: Status, now: datetime = NOW) -> list[str]:
    return [check.name for check in judgement.problems(state, now, KST)]


@pytest.mark.parametrize(
    ("tags", "silent", "silent_tags"),
    [
        ([], False, ""),
        ([tag("A", timedelta(seconds=4))], False, ""),
        ([tag("A", 4 * MINUTE)], False, ""),
        ([tag("A", 6 * MINUTE)], True, ""),
        ([tag("A", 49 * MINUTE), tag("B", 50 * MINUTE)], True, ""),
        ([tag("A", 49 * MINUTE, allowed=60 * MINUTE)], False, ""),
        ([tag("A", MINUTE / 2), tag("B", 9 * MINUTE)], False, ""),
        ([tag("A", MINUTE / 2), tag("B", 49 * MINUTE)], False,
         "no signal from 1 of 2 tags: B for 49 min"),
        ([tag("A", -MINUTE / 2)], False, ""),
    ],
    ids=[
        "no tag yet", "all send", "a while", "longer", "two", "one that sends each hour",
        "one is late", "one is lost", "30 s ahead, which is allowed",
    ],
)  # fmt: skip
def test_nothing_arrives_where_no_tag_sends_and_a_single_one_is_a_warning(
    tags: list[Tag], silent: bool, silent_tags: str
) -> None:
    assert names(replace(STATUS, tags=tags)) == (["nothing arrives"] if silent else [])
    assert judgement.silent_tags(tags, NOW) == silent_tags


def test_without_its_triggers_nobody_knows_what_arrives() -> None:
    trigger = Check("trigger keep_tag_latest_insert", False, "is disabled")
    state = replace(STATUS, tags=[tag("A", 49 * MINUTE)], failed=[trigger])
    assert names(state) == [trigger.name]


def test_the_clock_is_an_argument() -> None:
    state = replace(STATUS, tags=[tag("A", timedelta(0))])
    assert names(state) == []
    assert names(state, NOW + 49 * MINUTE) == ["nothing arrives"]


def test_samples_ahead_of_the_clock_are_named_and_are_not_the_newest() -> None:
    tags = [tag("FAR", -timedelta(days=3), ahead=True), tag("A", 49 * MINUTE)]
    state = replace(STATUS, tags=tags)
    assert names(state) == ["nothing arrives", "samples ahead"]
    (_, ahead) = judgement.problems(state, NOW, KST)
    assert "FAR 2026-08-17 21:00:00+09:00" in ahead.detail
    assert state.newest == tags[1]


def test_a_little_ahead_is_not_ago() -> None:
    state = replace(STATUS, tags=[tag("A", -timedelta(seconds=40))])
    text = "\n".join(status_view.lines(state, [], [], KST))
    assert "newest     A 2026-08-14 21:00:40+09:00, 40 s ahead of the clock" in text


def test_an_aggregate_is_late_and_wrong_only_where_its_job_will_never_store_it() -> None:
    waiting = replace(LAG, stored_to=NOW - timedelta(hours=3), out_of_reach=False)
    assert judgement.late_s(waiting) == 3 * 3600
    assert judgement.late_s(replace(waiting, waiting=False)) == 0
    assert judgement.late_s(replace(waiting, stored_to=None)) is None
    assert names(replace(STATUS, lags=[waiting])) == []
    (check,) = judgement.problems(replace(STATUS, lags=[LAG]), NOW, KST)
    assert check.name == "stored influx_agg_1h"
    assert "+09:00, and its job looks 60 d back only" in check.detail
    (check,) = judgement.problems(replace(STATUS, lags=[replace(LAG, stored_to=None)]), NOW, KST)
    assert check.detail.startswith("holds nothing, and its job")
    text = "\n".join(status_view.lines(replace(STATUS, lags=[waiting]), [], [], KST))
    assert "stored to 2026-08-14 18:00:00+09:00, 3 h 00 min late" in text


def test_the_headline_names_what_is_wrong_and_the_pages() -> None:
    assert headline([]) == "all well"
    one = Check("index idx_hist_tag_ts", False, "is missing")
    assert headline([one]) == "1 wrong: index idx_hist_tag_ts is missing (VERIFY_INDEX)"
    three = [Check(f"privilege eco_ro {n}", False, "may not SELECT") for n in "abc"]
    assert headline([one, *three]) == (
        "4 wrong: index idx_hist_tag_ts (VERIFY_INDEX); privilege eco_ro a, privilege eco_ro b"
        " and 1 more (VERIFY_PRIVILEGE)"
    )


def test_warnings_are_no_failure_and_are_announced() -> None:
    output = status_view.lines(STATUS, [], ["D100 sends 12 a minute"], KST)
    assert output[0] == "all well, 1 warning below"
    assert output[1:3] == ["\nwarnings", "  D100 sends 12 a minute"]


def test_the_keys_of_the_report_are_documented() -> None:
    state = replace(STATUS, tags=[tag("A", timedelta(0))], lags=[LAG])
    report = status_view.as_json(state, [Check("index i", False, "x")], ["w"], KST)
    documented = set(docs.codes(docs.section("27.6")))
    assert set(report) <= documented
    for part in ("database", "newest"):
        assert set(report[part]) <= documented, part
    for part in ("wrong", "aggregates"):
        assert set(report[part][0]) <= documented, part
