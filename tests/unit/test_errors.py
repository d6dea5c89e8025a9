"""Errors that a user can see (B7): code, sentence, HTTP status and exit code."""

from __future__ import annotations

import pytest

from ksys_app import errors
from ksys_app.errors import KsysError

CONTRACT = {
    # class: code, HTTP status, exit code
    "KsysError": ("INTERNAL", 500, 1),
    "ConfigError": ("CONFIG", 500, 2),
    "BadParameter": ("BAD_PARAMETER", 400, 2),
    "AddressTooLong": ("ADDRESS_LONG", 414, 1),
    "AuthRequired": ("AUTH_REQUIRED", 401, 1),
    "RateLimited": ("RATE_LIMITED", 429, 1),
    "Forbidden": ("FORBIDDEN", 403, 1),
    "Conflict": ("CONFLICT", 409, 1),
    "UnknownTag": ("UNKNOWN_TAG", 404, 2),
    "DatabaseUnreachable": ("DB_CONN", 503, 3),
    "DatabaseTimeout": ("DB_TIMEOUT", 503, 3),
    "DatabaseFault": ("DB_FAULT", 503, 1),
    "DatabaseRestoring": ("DB_RESTORING", 503, 1),
    "NoRows": ("NO_ROWS", 404, 1),
    "SchemaDrift": ("SCHEMA_DRIFT", 500, 1),
    "PayloadBloat": ("PAYLOAD_BLOAT", 413, 1),
    "BuildFailed": ("BUILD", 500, 1),
    "NotStarted": ("START", 500, 1),
    "BackupFailed": ("BACKUP", 500, 1),
    "Interrupted": ("INTERRUPTED", 500, 130),
}
CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, KsysError)
]


def test_these_are_all() -> None:
    assert {one.__name__ for one in CLASSES} == set(CONTRACT)


def test_every_code_of_the_specification_exists_once() -> None:
    """``WS_FAIL`` is not among them: the page detects it, because no answer reaches the page."""
    codes = [one.code for one in CLASSES]
    assert len(set(codes)) == len(codes)
    assert set(codes) >= {"DB_TIMEOUT", "DB_CONN", "NO_ROWS", "SCHEMA_DRIFT", "PAYLOAD_BLOAT"}


@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_code_status_and_exit_code(error: type[KsysError]) -> None:
    assert (error.code, error.http_status, error.exit_code) == CONTRACT[error.__name__]


@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_without_a_message_its_first_line_of_documentation_is_one(error: type[KsysError]) -> None:
    message = error().message
    assert message == (error.__doc__ or "").splitlines()[0]
    assert message.endswith(".")
    assert " " in message


def test_a_message_is_shown_as_given() -> None:
    error = errors.DatabaseUnreachable("db.plant does not answer")
    assert error.message == str(error) == "db.plant does not answer"
