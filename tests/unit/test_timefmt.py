"""Times as people read them (PRD decision 26)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.timefmt import (
    age_label,
    epoch_ms,
    iso_local,
    local_minute,
    local_offset,
    local_seconds,
)

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
SAMPLE = datetime(2025, 8, 15, 7, 26, 7, 303_478, UTC)
ZONES = st.sampled_from(
    ["Asia/Seoul", "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"]
)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


def test_the_spec_example_in_each_form() -> None:
    assert local_seconds(SAMPLE, SEOUL) == "2025-08-15 16:26:07"
    assert local_offset(SAMPLE, SEOUL) == "2025-08-15 16:26:07+09:00"
    assert local_minute(SAMPLE, SEOUL) == "2025-08-15 16:26+09:00"
    assert iso_local(SAMPLE, SEOUL) == "2025-08-15T16:26:07.303478+09:00"
    assert iso_local(SAMPLE.replace(microsecond=0), SEOUL) == "2025-08-15T16:26:07+09:00"
    assert epoch_ms(SAMPLE) == 1_755_242_767_303


@pytest.mark.parametrize(
    ("utc", "zone", "local"),
    [
        ("2025-08-14T15:00:00", "Asia/Seoul", "2025-08-15 00:00:00+09:00"),
        ("2025-03-30T00:59:59", "Europe/Berlin", "2025-03-30 01:59:59+01:00"),
        ("2025-03-30T01:00:00", "Europe/Berlin", "2025-03-30 03:00:00+02:00"),
        ("2025-10-26T00:30:00", "Europe/Berlin", "2025-10-26 02:30:00+02:00"),
        ("2025-10-26T01:30:00", "Europe/Berlin", "2025-10-26 02:30:00+01:00"),
        ("2025-01-01T00:00:00", "America/St_Johns", "2024-12-31 20:30:00-03:30"),
        ("2025-07-01T00:00:00", "America/St_Johns", "2025-06-30 21:30:00-02:30"),
        ("2025-07-01T00:00:00", "Asia/Kathmandu", "2025-07-01 05:45:00+05:45"),
    ],
)
def test_the_offset_is_that_of_the_moment(utc: str, zone: str, local: str) -> None:
    ts = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert local_offset(ts, ZoneInfo(zone)) == local
    assert local_seconds(ts, ZoneInfo(zone)) == local[:19]
    assert iso_local(ts, ZoneInfo(zone)) == local.replace(" ", "T")


def test_the_hour_that_comes_twice_is_distinguished_by_its_offset() -> None:
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    assert local_seconds(first, BERLIN) == local_seconds(second, BERLIN)
    assert local_offset(first, BERLIN) != local_offset(second, BERLIN)


def test_the_zone_of_the_given_time_does_not_matter() -> None:
    elsewhere = SAMPLE.astimezone(timezone(timedelta(hours=-7)))
    assert local_offset(elsewhere, SEOUL) == local_offset(SAMPLE, SEOUL)
    assert epoch_ms(elsewhere) == epoch_ms(SAMPLE)


@given(TIMES, ZONES)
@settings(deadline=None)
def test_iso_gives_the_moment_back(ts: datetime, zone: str) -> None:
    assert datetime.fromisoformat(iso_local(ts, ZoneInfo(zone))) == ts


@given(TIMES)
@settings(deadline=None)
def test_milliseconds_are_whole_and_cut_off(ts: datetime) -> None:
    past = datetime(1970, 1, 1, tzinfo=UTC)
    assert epoch_ms(ts) == (ts - past) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (4.9, "4 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h 00 min"),
        (7500, "2 h 05 min"),
        (172_799, "47 h 59 min"),
        (172_800, "2 d 0 h"),
        (442_800, "5 d 3 h"),
    ],
)
def test_an_age_has_one_or_two_units(seconds: float, label: str) -> None:
    assert age_label(seconds) == label
