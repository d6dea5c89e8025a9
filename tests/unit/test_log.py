"""The log (B13): one line an event, the common fields first, and no forged lines."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import example, given, settings, strategies as st

from ksys_app.log import COMMON, Event, driver, event, logger, setup

FIELD = re.compile(r' (\w+)=("(?:[^"\\]|\\.)*"|[^ "=]*)')
FAILURES = {
    "db_fail",
    "payload_bloat",
    "job_fail",
    "rule_fault",
    "ws_refused",
    "event_refused",
    "page_fail",
}


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def last(self) -> str:
        return self.records[-1].getMessage()


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    """What is logged, whatever else listens."""
    handler, level = Lines(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


def fields(line: str) -> list[tuple[str, str]]:
    """The pairs of a line; every character after its name has to belong to one."""
    _, rest = re.split(r"(?= )", line, maxsplit=1)
    assert FIELD.sub("", rest) == ""
    return FIELD.findall(rest)


def test_the_events_of_the_contract_have_their_names() -> None:
    assert set(get_args(Event)) >= {
        *("dash_load_ok", "range_change_ok", "snapshot_refresh", "overlay_toggle"),
        *("qc_badge_eval", "db_fail", "db_recover", "payload_bloat", "tag_filter_ok"),
        *("comm_load_ok", "comm_nav_prev", "comm_nav_next", "comm_recent30", "comm_cell_select"),
    }
    assert COMMON == ("range", "tag", "view", "rowcount", "dur_ms", "cache_hit")


def test_the_common_fields_come_first_in_one_order_and_a_dash_says_none(lines: Lines) -> None:
    event("dash_load_ok", cache_hit=True, extra=7, dur_ms=12.345, range="5m")
    assert lines.last == (
        "dash_load_ok range=5m tag=- view=- rowcount=- dur_ms=12.3 cache_hit=true extra=7"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2.0, "2.0"),
        (0.05, "0.1"),
        ("D100", "D100"),
        ("유량", "유량"),
        ("100%", "100%"),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "no"', '"say \\"no\\""'),
        ("a\nb", '"a\\nb"'),
        ("a\r\n\tb", '"a\\r\\n\\tb"'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("\u2028", '"\\u2028"'),
        ("back\\slash here", '"back\\\\slash here"'),
        (ValueError("no\nsuch"), '"no\\nsuch"'),
    ],
)
def test_values(lines: Lines, value: object, text: str) -> None:
    event("db_recover", what=value)
    assert fields(lines.last)[-1] == ("what", text)


@given(st.text(), st.text())
@settings(deadline=None)
@example("D100\n2025-08-15T07:26:07.000Z INFO db_recover range=-", "").via("a forged line")
@example('" tag=D999 x="', "").via("a forged field")
@example("\\", "\\").via("a backslash at the end")
def test_no_value_forges_a_line_or_a_field(lines: Lines, tag: str, other: str) -> None:
    event("tag_filter_ok", tag=tag, other=other)
    assert lines.last.isprintable()
    assert [name for name, _ in fields(lines.last)] == [*COMMON, "other"]


@pytest.mark.parametrize("name", get_args(Event))
def test_a_failure_is_a_warning_and_everything_else_information(lines: Lines, name: Event) -> None:
    before = len(lines.records)
    event(name)
    assert len(lines.records) == before + 1
    assert lines.records[-1].levelno == (logging.WARNING if name in FAILURES else logging.INFO)


@pytest.fixture
def restored() -> Iterator[None]:
    """The logger, and the zone of the process, as they were."""
    loggers = (logger, driver)
    before = [(one.handlers, one.level, one.propagate) for one in loggers]
    zone = os.environ.get("TZ")
    yield
    for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    time.tzset()


def test_it_goes_to_standard_error_in_utc_whatever_the_zone(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    os.environ["TZ"] = "Asia/Seoul"
    time.tzset()
    setup()
    setup()
    event("db_fail", code="DB_CONN")
    out, err = capsys.readouterr()
    assert out == ""
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z WARNING (db_fail .* code=DB_CONN)\n", err
    )
    assert found is not None
    written = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - written).total_seconds()) < 60


def test_what_is_below_the_level_is_not_written(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    setup(logging.WARNING)
    event("dash_load_ok")
    event("db_fail")
    assert [line.split()[2] for line in capsys.readouterr().err.splitlines()] == ["db_fail"]


def test_the_driver_speaks_in_the_one_format_and_not_of_every_attempt(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    setup()
    for name in ("psycopg", "psycopg.pool"):
        logging.getLogger(name).warning("error connecting in 'pool-1': again and again")
        logging.getLogger(name).error("the driver failed")
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(r"[\d:.T-]+Z ERROR the driver failed", line) for line in lines)
