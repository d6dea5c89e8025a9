"""The overview of all tags compared with the grids, and its orders (PRD §28.2, §28.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain import comm, comm_days, comm_order
from ksys_app.models.comm import WORST, Alive, CommRow, TagDays
from tests.comm import day_row_of, row_of

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 6, 30, 3, 42, 20, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def minutes(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range((end - start) // MINUTE)]


def equal_to_the_grid(row: CommRow, days: comm.Calendar) -> TagDays:
    (overview,) = comm_days.by_days([day_row_of(row, days)], days)
    cells = comm.grid(row, days)
    runs = comm.outages(cells, row)
    wanted = comm.summary(cells, runs, row.now, days)
    assert (overview.success_24h, overview.success_30d) == (wanted.success_24h, wanted.success_30d)
    assert (overview.outages, overview.longest_hours) == (wanted.outages, wanted.longest_hours)
    assert overview.judged_days == wanted.judged_days
    assert overview.ongoing_since == wanted.ongoing_since
    assert overview.crit_hours == sum(cell.state == "crit" for cell in cells)
    for number, day in enumerate(overview.days):
        begin, end = days.bounds[number : number + 2]
        of_day = [cell for cell in cells if begin <= cell.bucket < end]
        assert day.success_rate == comm.success(of_day)
        assert day.crit_hours == sum(cell.state == "crit" for cell in of_day)
    return overview


@settings(max_examples=25, deadline=None)
@given(
    start=st.dates(date(2024, 1, 1), date(2026, 12, 1)),
    zone=st.sampled_from(["Asia/Seoul", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    passed=st.timedeltas(timedelta(hours=-1), timedelta(days=33)),
    born=st.timedeltas(timedelta(days=-3), timedelta(days=20)),
    holes=st.lists(st.tuples(st.integers(0, 30 * 24 * 60), st.integers(1, 30 * 60)), max_size=5),
    per_minute=st.integers(1, 3),
)
def test_the_overview_has_the_figures_of_the_grid(
    start: date,
    zone: str,
    passed: timedelta,
    born: timedelta,
    holes: list[tuple[int, int]],
    per_minute: int,
) -> None:
    begin = datetime.combine(start, datetime.min.time(), UTC)
    samples = minutes(begin + born, begin + passed)
    for offset, length in holes:
        gap = begin + offset * MINUTE
        samples = [ts for ts in samples if not gap <= ts < gap + length * MINUTE]
    row = row_of(samples, begin + passed, exp_per_min=per_minute, slo_warn=0.5, slo_crit=0.4)
    equal_to_the_grid(row, comm.calendar(start, ZoneInfo(zone)))


def test_outages_over_midnight_are_one_and_the_newest_lasts_until_now() -> None:
    begin = datetime(2026, 6, 10, tzinfo=UTC)
    silent = begin + 13 * HOUR
    samples = [ts for ts in minutes(begin, NOW - 30 * HOUR) if not silent <= ts < silent + 6 * HOUR]
    overview = equal_to_the_grid(row_of(samples, NOW), comm.calendar(date(2026, 6, 1), SEOUL))
    assert overview.outages == 2
    assert overview.longest_hours == pytest.approx(30 + 42 / 60)


def tag(name: str, rate: float | None, outages: int = 0, hours: float = 0.0) -> TagDays:
    return TagDays(name, (), rate, rate, round(hours), outages, hours, NOW)


def states(**comm_of: str) -> dict[str, Alive]:
    return {
        name: Alive(name, NOW, None if one == "never" else NOW - len(name) * HOUR, MINUTE, one)
        for name, one in comm_of.items()
    }


ROWS = [tag("fine", 1.0), tag("a", 0.7, 3, 2.0), tag("bb", 0.99, 1, 26.5), tag("never", None)]
ROWS += [tag("late", 0.95), tag("lost", 0.98, 1, 3.0)]
ALIVE = states(fine="ok", a="ok", bb="ok", never="never", late="late", lost="lost")


def order(column: str, down: bool = False, rows: Sequence[TagDays] = ROWS) -> list[str]:
    return [row.tag_name for row in comm_order.ordered(rows, ALIVE, column, down, current=True)]


def test_silent_and_never_seen_tags_come_first_then_the_lowest_success() -> None:
    assert order(WORST) == ["lost", "never", "a", "late", "bb", "fine"]


def test_of_days_that_are_over_what_is_silent_now_says_nothing() -> None:
    past = comm_order.ordered(ROWS, ALIVE, WORST, False, current=False)
    assert [row.tag_name for row in past] == ["a", "late", "lost", "bb", "fine", "never"]


@pytest.mark.parametrize(
    ("column", "down", "wanted"),
    [
        ("tag", False, "a bb fine late lost never"),
        ("now", False, "lost never late a bb fine"),
        ("now", True, "a bb fine late never lost"),
        ("30d", False, "a late lost bb fine never"),
        ("24h", True, "fine bb lost late a never"),
        ("outages", True, "a lost bb late fine never"),
        ("longest", True, "bb lost a late fine never"),
        ("longest", False, "late fine a lost bb never"),
        ("crit", True, "bb lost a late fine never"),
        ("seen", False, "lost late fine bb a never"),
    ],
)
def test_each_column_orders_all_tags_and_what_has_no_value_stays_last(
    column: str, down: bool, wanted: str
) -> None:
    assert order(column, down) == wanted.split()


def test_tags_that_something_late_may_mend_are_those_critical_in_the_last_days() -> None:
    days = comm.calendar(date(2026, 6, 1), SEOUL)
    begin, rows = datetime(2026, 6, 10, tzinfo=UTC), {}
    for name, hours_ago in (("long ago", 60), ("two days", 48), ("now", 0), ("never", None)):
        silent = None if hours_ago is None else NOW.replace(minute=0, second=0) - hours_ago * HOUR
        samples = [
            ts
            for ts in (minutes(begin, NOW) if name != "never" else [])
            if silent is None or not silent <= ts < silent + HOUR
        ]
        rows[name] = replace(day_row_of(row_of(samples, NOW), days), tag_name=name)
    since = NOW - timedelta(days=2)
    assert comm_days.doubtful(rows.values(), days, since) == ["two days", "now"]
