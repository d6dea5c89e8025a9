"""The log (B13): one line an event, the common fields first, and no forged lines."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import example, given, settings, strategies as st

from ksys_app import log
from ksys_app.log import COMMON, HIDDEN, Event, driver, event, logger, setup
from ksys_app.utils import request

FIELD = re.compile(r' (\w+)=("(?:[^"\\]|\\.)*"|[^ "=]*)')
FAILURES = {
    *("alarm_fail", "alarm_lease_lost", "notify_fail"),
    "db_fail",
    "payload_bloat",
    "job_fail",
    "rule_fault",
    "ws_refused",
    "event_refused",
    "page_fail",
    "page_problem",
    "http_fail",
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
    """Collects the lines of the log."""
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
    loggers = (logger, driver, logging.getLogger("uvicorn.access"))
    before = [(one.handlers, one.level, one.propagate) for one in loggers]
    zone, failed = os.environ.get("TZ"), threading.excepthook
    yield
    logging.captureWarnings(capture=False)
    threading.excepthook = failed
    # pytest has added its own handlers meanwhile.
    for handler in [one for one in logging.root.handlers if type(one) is logging.StreamHandler]:
        logging.root.removeHandler(handler)
    log._form = "text"
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
    before = datetime.now(UTC)
    event("db_fail", code="DB_CONN")
    after = datetime.now(UTC)
    out, err = capsys.readouterr()
    assert out == ""
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z WARNING (db_fail .* code=DB_CONN)\n", err
    )
    assert found is not None
    logged_at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    # The log has milliseconds.
    assert before - timedelta(milliseconds=1) <= logged_at <= after


def test_what_is_below_the_level_is_not_written(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    setup(level=logging.WARNING)
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


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The objects that the log has, one in each line."""
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


class TestJson:
    @pytest.fixture(autouse=True)
    def set_up(self, restored: None, capsys: pytest.CaptureFixture[str]) -> None:
        setup("json", ['s3cr"t', "x"])

    def test_an_event_is_one_object_with_its_fields(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        setup("json", ['s3cr"t', "x"])
        event("dash_load_ok", range="5m", rowcount=9, dur_ms=1.25, cache_hit=False, extra="유량")
        (logged,) = written(capsys)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(logged.pop("ts")))
        assert logged == {
            "level": "INFO",
            "logger": "ksys",
            "event": "dash_load_ok",
            "request_id": None,
            **{"range": "5m", "tag": None, "view": None, "rowcount": 9},
            **{"dur_ms": 1.25, "cache_hit": False, "extra": "유량"},
        }

    def test_a_field_never_takes_the_place_of_the_head(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        setup("json", ['s3cr"t', "x"])
        event("qc_badge_eval", level=2, logger="x", ts=float("nan"), event="no")
        (logged,) = written(capsys)
        assert (logged["level"], logged["logger"], logged["event"]) == (
            "INFO",
            "ksys",
            "qc_badge_eval",
        )
        assert logged["event_level"] == 2
        assert logged["event_ts"] == "nan"

    def test_a_line_of_a_library_is_a_message(self, capsys: pytest.CaptureFixture[str]) -> None:
        access = logging.getLogger("uvicorn.access")
        access.handlers, access.propagate = [logging.StreamHandler()], False
        setup("json")
        access.warning("%s is slow", "/")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logged = written(capsys)
        assert [(one["logger"], one["event"]) for one in logged] == [
            ("uvicorn.access", "message"),
            ("py.warnings", "message"),
        ]
        assert logged[0]["message"] == "/ is slow"

    def test_an_exception_is_one_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        setup("json", ['s3cr"t', "x"])
        try:
            raise ValueError('of s3cr"t')
        except ValueError:
            logger.exception("it failed")
        (logged,) = written(capsys)
        assert logged["message"] == "it failed"
        assert str(logged["exception"]).startswith("Traceback (most recent call last):\n")
        assert str(logged["exception"]).endswith(f"ValueError: of {HIDDEN}")

    def test_a_thread_that_fails_is_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        setup("json", ['s3cr"t', "x"])
        thread = threading.Thread(target=lambda: 1 // 0, name="feed")
        thread.start()
        thread.join()
        (logged,) = written(capsys)
        assert logged["message"] == "the thread feed failed"
        assert "ZeroDivisionError" in str(logged["exception"])

    @given(st.text())
    @settings(deadline=None)
    @example("\n\x85\u2028\u2029\x1c").via("ends of lines")
    @example("\ud800").via("half a pair")
    def test_any_value_stays_in_its_line(self, value: str) -> None:
        record = logging.LogRecord("ksys", logging.INFO, "", 0, value, (), None)
        text = log.Json().format(record)
        assert text.isprintable()
        assert json.loads(text)["message"] == value


def test_no_form_has_a_secret(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    for form in get_args(log.Form):
        setup(form, ['p w"d', "postgresql://u:hunter2@h/d", "hunter2"])
        event("db_fail", error='of p w"d and hunter2')
        logger.error("postgresql://u:hunter2@h/d")
        out, err = capsys.readouterr()
        assert out == ""
        assert "hunter2" not in err
        assert "w" + '\\"' + "d" not in err
        assert err.count(HIDDEN) == 3


def test_a_traceback_quotes_no_statement(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    message = "column b does not exist\nLINE 1: SELECT b FROM secret\n               ^\nHINT: none"
    for form in get_args(log.Form):
        setup(form)
        try:
            raise ValueError(message)
        except ValueError:
            logger.exception("it failed")
        err = capsys.readouterr().err
        assert "SELECT" not in err
        assert "^" not in err.partition("LINE 1")[2].partition("HINT")[0]
        assert f"LINE 1: {HIDDEN}" in err
        assert "HINT: none" in err


def test_a_line_has_the_id_of_its_request(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    setup()
    with request.with_id("3f9a-12bc"):
        event("db_fail")
        logging.getLogger("uvicorn.error").error("two\nlines")
        event("db_fail", request_id="7777-7777")
    logger.error("none")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" request_id=")[2] for line in lines] == [
        *("3f9a-12bc", "3f9a-12bc", "7777-7777", "")
    ]
    assert "two\\nlines" in lines[1]
