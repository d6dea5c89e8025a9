"""The grid of 30 local days and its outages, by pandas and by example (PRD §28.2)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain import comm
from ksys_app.models.comm import Cell, CommRow
from tests.comm import expected_cells, expected_outages, row_of

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 30, 3, 42, 20, tzinfo=UTC)
START = date(2026, 6, 1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def minutes(start: datetime, end: datetime, step: int = 1) -> list[datetime]:
    return [start + n * step * MINUTE for n in range((end - start) // (step * MINUTE))]


def judged(row: CommRow, start: date = START, zone: ZoneInfo = SEOUL) -> tuple[Cell, ...]:
    return comm.grid(row, comm.calendar(start, zone))


def at(cells: tuple[Cell, ...], bucket: datetime) -> Cell:
    return next(cell for cell in cells if cell.bucket == bucket)


STARTS = [
    (date(2026, 1, 31), "Asia/Seoul", 720),
    (date(2025, 12, 31), "Asia/Seoul", 720),
    (date(2024, 2, 29), "Asia/Seoul", 720),
    (date(2026, 3, 15), "Europe/Berlin", 719),
    (date(2025, 10, 12), "Europe/Berlin", 721),
    (date(2024, 2, 29), "Europe/Berlin", 720),
    (date(2024, 2, 29), "America/New_York", 719),
    (date(2025, 12, 2), "Europe/Berlin", 720),
    (date(2026, 4, 1), "Asia/Kolkata", 720),
    (date(2026, 4, 1), "Australia/Lord_Howe", 721),
    (date(2026, 3, 20), "Asia/Beirut", 719),
    (date(2025, 10, 20), "America/Havana", 721),
    (date(2026, 3, 28), "Pacific/Chatham", 721),
]


@pytest.mark.parametrize(("start", "zone", "hours"), STARTS)
def test_thirty_local_days_lose_no_hour_and_double_none(start: date, zone: str, hours: int) -> None:
    days = comm.calendar(start, ZoneInfo(zone))
    assert len(days.hours) == hours
    assert days.hours == [days.hours[0] + n * HOUR for n in range(hours)]
    local = [hour.astimezone(ZoneInfo(zone)) for hour in days.hours]
    assert sorted({one.date() for one in local}) == [start + timedelta(days=n) for n in range(30)]
    lengths = Counter(one.date() for one in local)
    assert {odd.day: odd.hours for odd in days.odd_days} == {
        day: n for day, n in lengths.items() if n != 24
    }


def test_a_day_of_25_hours_has_the_same_local_hour_twice_with_other_offsets() -> None:
    days = comm.calendar(date(2025, 10, 12), BERLIN)
    twice = [
        hour.astimezone(BERLIN).isoformat()
        for hour in days.hours
        if hour.astimezone(BERLIN).strftime("%m-%d %H") == "10-26 02"
    ]
    assert twice == ["2025-10-26T02:00:00+02:00", "2025-10-26T02:00:00+01:00"]


def test_the_thirty_recent_days_end_today_in_the_display_zone() -> None:
    late = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    assert comm.recent_start(late, SEOUL) == date(2026, 2, 1)
    assert comm.recent_start(late, ZoneInfo("UTC")) == date(2026, 1, 31)
    assert comm.ends_today(comm.calendar(date(2026, 2, 1), SEOUL), late)
    assert not comm.ends_today(comm.calendar(date(2026, 1, 31), SEOUL), late)


def test_a_start_stays_between_2000_and_today() -> None:
    assert comm.clamp_start(date.max, NOW, SEOUL) == date(2026, 6, 30)
    assert comm.clamp_start(date.min, NOW, SEOUL) == date(2000, 1, 1)
    assert comm.clamp_start(START, NOW, SEOUL) == START


@pytest.mark.parametrize(
    ("received", "state"),
    [(60, "ok"), (57, "ok"), (56, "warn"), (54, "warn"), (53, "crit"), (1, "crit"), (61, "ok")],
)
def test_an_hour_at_exactly_a_limit_still_keeps_it(received: int, state: str) -> None:
    hour = datetime(2026, 6, 10, 5, tzinfo=UTC)
    samples = minutes(datetime(2026, 6, 9, tzinfo=UTC), hour)
    samples += [hour + n * HOUR / received for n in range(received)]
    cell = at(judged(row_of(samples, NOW, slo_warn=0.95, slo_crit=0.9)), hour)
    assert (cell.state, cell.recv_msgs, cell.exp_msgs) == (state, received, 60)
    assert cell.missing_msgs == max(0, 60 - received)


def test_the_running_hour_is_judged_on_its_elapsed_part() -> None:
    row = row_of(minutes(datetime(2026, 6, 20, tzinfo=UTC), NOW), NOW)
    running = at(judged(row), datetime(2026, 6, 30, 3, tzinfo=UTC))
    assert (running.exp_msgs, running.state, running.success_rate) == (41, "ok", 1.0)


def test_an_hour_that_has_just_begun_is_not_judged_and_ends_no_outage() -> None:
    now = datetime(2026, 6, 30, 3, 1, 30, tzinfo=UTC)
    row = row_of(minutes(datetime(2026, 6, 20, tzinfo=UTC), now - 5 * HOUR), now)
    cells = judged(row)
    assert at(cells, datetime(2026, 6, 30, 3, tzinfo=UTC)).state == "no_data"
    (run,) = comm.outages(cells, row)
    assert run.ongoing
    assert run.end == now.replace(second=0)


def test_before_the_first_sample_and_after_now_there_is_no_data_and_between_silence_is_zero() -> (
    None
):
    first = datetime(2026, 6, 15, 10, 20, 30, tzinfo=UTC)
    row = row_of([first], NOW)
    cells = judged(row)
    assert at(cells, first.replace(hour=9, minute=0, second=0)).state == "no_data"
    birth = at(cells, first.replace(minute=0, second=0))
    assert (birth.exp_msgs, birth.recv_msgs) == (39, 1)
    assert at(cells, datetime(2026, 6, 16, tzinfo=UTC)).success_rate == 0.0
    assert at(cells, datetime(2026, 6, 30, 4, tzinfo=UTC)).state == "no_data"


def test_an_hour_is_to_come_until_its_first_minute_can_be_judged() -> None:
    hour = NOW.replace(minute=0, second=0)
    assert [comm.not_yet(hour, hour + n * MINUTE) for n in (-1, 0, 1, 2)] == [True] * 3 + [False]
    assert not comm.not_yet(datetime(2026, 6, 1, tzinfo=UTC), NOW), "nothing was sent: no data"


def test_success_counts_the_judged_days_only() -> None:
    row = row_of(minutes(datetime(2026, 6, 22, 20, tzinfo=UTC), NOW), NOW)
    computed = comm.summary(judged(row), [], NOW, comm.calendar(START, SEOUL))
    assert (computed.judged_days, computed.success_30d) == (8, 1.0)


def test_a_tag_that_never_reported_has_no_data_and_no_outage() -> None:
    row = row_of([], NOW)
    cells = judged(row)
    assert {cell.state for cell in cells} == {"no_data"}
    assert comm.outages(cells, row) == []
    assert comm.summary(cells, [], NOW, comm.calendar(START, SEOUL)).success_30d is None


def test_nothing_expected_is_nothing_judged() -> None:
    row = row_of(minutes(datetime(2026, 6, 20, tzinfo=UTC), NOW), NOW, exp_per_min=0)
    assert {cell.state for cell in judged(row)} == {"no_data"}


def test_two_outages_with_a_good_hour_between_stay_two() -> None:
    begin = datetime(2026, 6, 10, tzinfo=UTC)
    silent = {begin + n * HOUR for n in (5, 6, 8)}
    samples = [ts for ts in minutes(begin, NOW) if ts.replace(minute=0, second=0) not in silent]
    row = row_of(samples, NOW)
    runs = comm.outages(judged(row), row)
    assert [(run.start, run.hours) for run in runs] == [
        (begin + 5 * HOUR, 2.0),
        (begin + 8 * HOUR, 1.0),
    ]


def test_an_ongoing_outage_grows_with_time() -> None:
    alive = minutes(datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC))
    lengths = []
    for later in (timedelta(0), 7 * MINUTE, 31 * MINUTE, 26 * HOUR):
        row = row_of(alive, NOW + later)
        (run,) = comm.outages(judged(row, date(2026, 6, 5)), row)
        assert run.ongoing
        lengths.append(run.hours)
    begins = alive[-1]
    assert lengths == [
        ((NOW + later).replace(second=0) - begins) / HOUR
        for later in (timedelta(0), 7 * MINUTE, 31 * MINUTE, 26 * HOUR)
    ]


def test_an_ongoing_outage_is_as_long_as_its_tag_is_silent() -> None:
    newest = NOW - timedelta(hours=2, minutes=4)
    often = [newest - n * timedelta(seconds=5) for n in range(12 * 60 * 24)]
    row = row_of(often, NOW)
    cells = judged(row)
    assert at(cells, newest.replace(minute=0, second=0)).state == "ok", "12 a minute, 1 expected"
    (run,) = comm.outages(cells, row)
    assert run.first == newest.replace(minute=0, second=0) + HOUR
    assert run.start == newest.replace(second=0)
    assert run.hours == pytest.approx(2 + 4 / 60)
    computed = comm.summary(cells, [run], NOW, comm.calendar(START, SEOUL))
    assert (computed.longest_hours, computed.ongoing_since) == (run.hours, run.start)
    long_ago = row_of([NOW - timedelta(days=40)], NOW)
    (run,) = comm.outages(judged(long_ago), long_ago)
    assert run.clipped
    assert (run.first, run.hours) == (judged(long_ago)[0].bucket, 40 * 24)


def test_an_outage_says_which_part_of_the_messages_arrived() -> None:
    begin = datetime(2026, 6, 10, tzinfo=UTC)
    sent = {begin + 5 * HOUR: 36, begin + 6 * HOUR: 0, begin + 9 * HOUR: 0}
    samples = [ts for ts in minutes(begin, NOW) if ts.minute < sent.get(ts.replace(minute=0), 60)]
    row = row_of(samples, NOW)
    partly, silent = comm.outages(judged(row), row)
    assert (partly.success_rate, silent.success_rate) == (pytest.approx(0.3), 0)


def test_an_outage_over_an_edge_of_the_days_says_that_it_is_longer() -> None:
    begin = datetime(2026, 4, 20, tzinfo=UTC)
    samples = minutes(begin, begin + 24 * HOUR) + minutes(datetime(2026, 5, 20, tzinfo=UTC), NOW)
    row = row_of(samples, NOW)
    for start, edge in ((date(2026, 5, 1), "start"), (date(2026, 4, 15), "end")):
        cells = judged(row, start)
        (run,) = comm.outages(cells, row)
        assert run.clipped
        assert not run.ongoing
        assert (run.start == cells[0].bucket) is (edge == "start")
        assert (run.end == cells[-1].bucket + HOUR) is (edge == "end")


def test_the_last_24_hours_are_the_running_one_and_the_23_before_it() -> None:
    begin = datetime(2026, 6, 25, tzinfo=UTC)
    silent = NOW.replace(minute=0, second=0) - 23 * HOUR
    for hour, missing in ((silent, 60), (silent - HOUR, 0)):
        samples = [ts for ts in minutes(begin, NOW) if not hour <= ts < hour + HOUR]
        row = row_of(samples, NOW)
        cells = judged(row)
        computed = comm.summary(cells, comm.outages(cells, row), NOW, comm.calendar(START, SEOUL))
        assert computed.success_24h == pytest.approx(1 - missing / (23 * 60 + 41))
        assert (computed.outages, computed.outage_hours, computed.longest_hours) == (1, 1.0, 1.0)


def test_too_many_messages_in_one_hour_hide_no_missing_ones_in_another() -> None:
    begin = datetime(2026, 6, 25, tzinfo=UTC)
    samples = minutes(begin, NOW)
    samples = [ts for ts in samples if not begin + HOUR <= ts < begin + 2 * HOUR]
    samples += [ts + timedelta(seconds=1) for ts in samples[:60]]
    row = row_of(samples, NOW)
    cells = judged(row)
    assert comm.success(cells) < 1.0  # type: ignore[operator]


ZONES = ["Asia/Seoul", "Europe/Berlin", "America/New_York", "UTC"]


@settings(max_examples=25)
@given(
    start=st.dates(date(2024, 1, 1), date(2026, 12, 1)),
    zone=st.sampled_from(ZONES),
    passed=st.timedeltas(timedelta(hours=-1), timedelta(days=33)),
    born=st.timedeltas(timedelta(days=-3), timedelta(days=20)),
    holes=st.lists(st.tuples(st.integers(0, 30 * 24 * 60), st.integers(1, 30 * 60)), max_size=5),
    per_minute=st.integers(1, 3),
)
def test_grid_and_outages_equal_what_pandas_computes(
    start: date,
    zone: str,
    passed: timedelta,
    born: timedelta,
    holes: list[tuple[int, int]],
    per_minute: int,
) -> None:
    begin = datetime.combine(start, datetime.min.time(), UTC)
    now = begin + passed
    samples = minutes(begin + born, now)
    for offset, length in holes:
        gap = begin + offset * MINUTE
        samples = [ts for ts in samples if not gap <= ts < gap + length * MINUTE]
    row = row_of(samples, now, exp_per_min=per_minute, slo_warn=0.5, slo_crit=0.4)
    cells = comm.grid(row, comm.calendar(start, ZoneInfo(zone)))
    wanted = expected_cells(samples, now, start, zone, per_minute, 0.5, 0.4)
    computed = pd.DataFrame(
        {
            "recv": [cell.recv_msgs for cell in cells],
            "exp": [cell.exp_msgs for cell in cells],
            "missing": [cell.missing_msgs for cell in cells],
            "state": [cell.state for cell in cells],
        },
        index=pd.DatetimeIndex([cell.bucket for cell in cells]),
    )
    pd.testing.assert_frame_equal(
        computed,
        wanted[list(computed)],
        check_freq=False,
        check_dtype=False,
        check_index_type=False,
    )
    assert [
        {
            "start": run.start,
            "end": run.end,
            "ongoing": run.ongoing,
            "rate": pytest.approx(run.success_rate),
        }
        for run in comm.outages(cells, row)
    ] == expected_outages(wanted, now)
