"""An outage begins once, names the first request of each cause, and ends once (PRD §7.4)."""

from __future__ import annotations

import logging

import pytest

from ksys_app.driver.outage import Outage
from ksys_app.errors import DatabaseTimeout, DatabaseUnreachable, KsysError
from ksys_app.models.message import Message


def away(request_id: str) -> KsysError:
    error = DatabaseUnreachable(Message("errors.starting"))
    error.request_id = request_id
    return error


def slow(request_id: str) -> KsysError:
    error = DatabaseTimeout(Message("errors.starting"))
    error.request_id = request_id
    return error


def test_each_cause_is_logged_once_and_names_its_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage("plant")
    errors = [away("1111-1111"), away("2222-2222"), slow("3333-3333"), slow("4444-4444")]
    with caplog.at_level(logging.INFO, "ksys"):
        for second, error in enumerate(errors):
            outage.record_failure(error, 100.0 + second, over=False)
        outage.record_answer(107.5)
        outage.record_answer(108.0)
    assert [error.request_id for error in errors] == ["1111-1111"] * 2 + ["3333-3333"] * 2
    lines = [record.getMessage() for record in caplog.records if record.name == "ksys"]
    assert [line.split()[0] for line in lines] == ["db_fail", "db_fail", "db_recover"]
    assert "dur_ms=7500.0" in lines[2]


def test_a_statement_of_before_the_return_begins_no_new_outage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage("plant")
    assert not outage.is_over_for(0.0)
    outage.record_failure(away("1111-1111"), 10.0, over=outage.is_over_for(9.0))
    assert not outage.is_over_for(9.0), "the outage goes on"
    outage.record_answer(20.0)
    assert outage.is_over_for(19.0)
    assert not outage.is_over_for(21.0)
    caplog.clear()
    with caplog.at_level(logging.INFO, "ksys"):
        error = away("2222-2222")
        outage.record_failure(error, 22.0, over=True)
    assert error.request_id == "1111-1111"
    assert outage.began_at is None
    assert [record for record in caplog.records if record.name == "ksys"] == []
    outage.record_failure(away("3333-3333"), 30.0, over=False)
    assert outage.began_at == 30.0
