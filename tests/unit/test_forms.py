"""Errors about the form of a request: the validator's sentence in English, and a text in Korean."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter, ValidationError

from ksys_app.api import params, time_params
from ksys_app.api.annotation_params import NoteText
from ksys_app.api.forms import form_message
from ksys_app.models.message import Message
from ksys_app.texts import LANGUAGES, say
from tests.visiting import contract_api

KOREAN = LANGUAGES["ko"]
HANGUL = re.compile("[가-힣]")


class Everything(BaseModel):
    """A parameter of each kind."""

    model_config = ConfigDict(extra="forbid")

    integer: int = 0
    number: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0
    flag: bool = False
    strict: StrictBool = False
    text: Annotated[str, Field(min_length=2, max_length=5, pattern="^a")] = "aa"
    short: Annotated[str, Field(max_length=1)] = ""
    names: Annotated[list[str], Field(min_length=1, max_length=2)] = ["x"]
    one: Annotated[list[str], Field(max_length=1)] = []
    object: dict[str, Any] = {}
    layout: Literal["rows", "columns"] = "rows"
    encoding: Literal["delta"] = "delta"
    above: Annotated[float, Field(gt=0, lt=0.5)] = 0.1


# A value that is refused, the English sentence, and the Korean one.
CASES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"integer": "x"},
        "integer should be a valid integer, unable to parse string as an integer",
        "integer: 정수가 아닙니다",
    ),
    ({"integer": []}, "integer should be a valid integer", "integer: 정수가 아닙니다"),
    (
        {"integer": 1.5},
        "integer should be a valid integer, got a number with a fractional part",
        "integer: 소수점 아래 값이 있어 정수가 아닙니다",
    ),
    (
        {"integer": "9" * 5_000},
        "integer Unable to parse input string as an integer, exceeded maximum size",
        "integer: 정수로 읽기에는 너무 깁니다",
    ),
    (
        {"number": "x"},
        "number should be a valid number, unable to parse string as a number",
        "number: 숫자가 아닙니다",
    ),
    ({"number": []}, "number should be a valid number", "number: 숫자가 아닙니다"),
    ({"number": "nan"}, "number should be a finite number", "number: 유한한 숫자가 아닙니다"),
    (
        {"number": -1},
        "number should be greater than or equal to 0",
        "number: 0 이상이어야 합니다",
    ),
    (
        {"number": 1e9},
        "number should be less than or equal to 86400",
        "number: 86400 이하여야 합니다",
    ),
    ({"above": 0}, "above should be greater than 0", "above: 0보다 커야 합니다"),
    ({"above": 1}, "above should be less than 0.5", "above: 0.5보다 작아야 합니다"),
    (
        {"flag": "x"},
        "flag should be a valid boolean, unable to interpret input",
        "flag: true나 false가 아닙니다",
    ),
    ({"strict": 1}, "strict should be a valid boolean", "strict: true나 false가 아닙니다"),
    ({"text": 1}, "text should be a valid string", "text: 텍스트가 아닙니다"),
    (
        {"text": "a"},
        "text String should have at least 2 characters",
        "text: 2자 이상이어야 합니다",
    ),
    ({"text": "a" * 9}, "text String should have at most 5 characters", "text: 최대 5자입니다"),
    ({"text": "bb"}, "text String should match pattern '^a'", "text: 형식이 맞지 않습니다: ^a"),
    ({"short": "xx"}, "short String should have at most 1 character", "short: 최대 1자입니다"),
    ({"names": 1}, "names should be a valid list", "names: 목록이 아닙니다"),
    (
        {"names": []},
        "names List should have at least 1 item after validation, not 0",
        "names: 1개 이상이어야 하는데 0개입니다",
    ),
    (
        {"names": ["a"] * 3},
        "names List should have at most 2 items after validation, not 3",
        "names: 최대 2개인데 3개입니다",
    ),
    (
        {"one": ["a"] * 3},
        "one List should have at most 1 item after validation, not 3",
        "one: 최대 1개인데 3개입니다",
    ),
    ({"object": 1}, "object should be a valid dictionary", "object: 객체가 아닙니다"),
    (
        {"layout": "x"},
        "layout should be 'rows' or 'columns'",
        "layout: 'rows', 'columns' 중 하나여야 합니다",
    ),
    (
        {"encoding": "x"},
        "encoding should be 'delta'",
        "encoding: 'delta'만 사용할 수 있습니다",
    ),
    (
        {"other": 1},
        "parameter 'other' is unknown here; see /api/v1/docs",
        "여기에서 쓰지 않는 매개변수입니다: 'other'. /api/v1/docs에 목록이 있습니다",
    ),
]


def refused(kind: Any, value: Any) -> Message:
    """The message for a value that the type refuses, as for a query."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return form_message(
        [error | {"loc": ("query", *error["loc"])} for error in caught.value.errors()]
    )


@pytest.mark.parametrize(("given", "english", "korean"), CASES)
def test_every_kind_has_the_sentence_of_the_validator_and_a_text_in_korean(
    given: dict[str, Any], english: str, korean: str
) -> None:
    found = refused(Everything, given)
    assert (say(found), say(found, KOREAN)) == (english, korean)


def test_several_errors_are_one_message() -> None:
    found = refused(Everything, {"integer": "x", "layout": "x", "strict": 1})
    assert say(found).count("; ") == 2
    assert say(found, KOREAN) == (
        "integer: 정수가 아닙니다; strict: true나 false가 아닙니다;"
        " layout: 'rows', 'columns' 중 하나여야 합니다"
    )


def test_of_thousands_of_errors_the_first_are_named_and_the_rest_are_counted() -> None:
    error = {"type": "int_type", "msg": "Input should be a valid integer"}
    many = [error | {"loc": ("body", f"n{i % 2_000}")} for i in range(5_000)]
    found = form_message(many)
    assert say(found).endswith("n4 should be a valid integer; and 1995 more")
    assert say(found, KOREAN).endswith("n4: 정수가 아닙니다; 외 1995건")
    assert say(form_message(many[:1] * 9)) == "n0 should be a valid integer"


def test_a_kind_without_a_text_keeps_its_sentence() -> None:
    error = {"type": "url_parsing", "loc": ("query", "a"), "msg": "Input should be a URL"}
    assert say(form_message([error])) == "a should be a URL"
    assert form_message([error]).key == "errors.plain"
    # A later version of the validator may say it in other words.
    changed = {"type": "int_type", "loc": ("query", "a"), "msg": "Input must be an int"}
    assert say(form_message([changed])) == "a Input must be an int"


@pytest.mark.parametrize(
    ("kind", "value", "english"),
    [
        (params.TagName, "", "tag must be a name"),
        (params.TagNames, ["a"] * 10, "may be given 9 times, not 10"),
        (params.WindowLabel, "9y", "window '9y' is unknown; use one of 1m 5m"),
        (params.BucketParams, {"to": "now"}, "to needs from"),
        (params.BucketParams, {"from": "now-1h", "window": "5m"}, "window and from cannot"),
        (params.BucketParams, {"bucket": "raw"}, "bucket=raw needs tag"),
        (params.BucketParams, {"columns": "x"}, "columns must be of bucket tag_name n avg"),
        (time_params.Day, "2026-02-30", "must be a day as YYYY-MM-DD, of the years 2000 to 2099"),
        (time_params.Day, "1999-02-03", "must be of the years 2000 to 2099, not of 1999"),
        (NoteText, "\0", "must have no NUL character"),
        (NoteText, "x" * 2_001, "must have at most 2,000 characters"),
    ],
)
def test_a_validator_of_ours_has_both(kind: Any, value: Any, english: str) -> None:
    found = refused(kind, value)
    assert say(found).strip().startswith(english)
    assert HANGUL.search(say(found, KOREAN))


@pytest.mark.parametrize(
    "path",
    [
        *(
            "timeseries?limit=1",
            "timeseries?tag=D100&bucket=x",
            "stats",
            "kpi?tag=",
            "events?tag=A&limit=1",
        ),
        *("timeseries?tag=D100&format=x", "features?tag=A&window=x", "comm/heatmap?tag=A&start=x"),
        *(
            "alarms?priority=9",
            "annotations?after=x",
            "alarms/journal?after=x",
            "sparklines?places=x",
        ),
    ],
)
def test_an_error_body_has_the_key_of_its_sentence(path: str) -> None:
    with TestClient(contract_api()) as client:
        answer = client.get(f"/api/v1/{path}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "BAD_PARAMETER")
    message = _message(error)
    assert say(message) == error["message"]
    assert HANGUL.search(say(message, KOREAN)), say(message, KOREAN)


@pytest.mark.parametrize(
    ("body", "english", "korean"),
    [
        ("{", "JSON decode error", "JSON으로 읽을 수 없습니다"),
        (
            '{"items": [1], "comment": ""}',
            "items should be a valid dictionary or object to extract fields from",
            "items: 객체가 아닙니다",
        ),
    ],
)
def test_a_body_of_another_form_has_both(body: str, english: str, korean: str) -> None:
    with TestClient(contract_api()) as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/api/v1/alarms/ack", content=body, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["message"]) == (400, english)
    assert say(_message(error), KOREAN) == korean


def _message(sent: Any) -> Any:
    """The message that was sent, with those in it."""
    if isinstance(sent, dict):
        return Message(sent["key"], {k: _message(v) for k, v in sent["values"].items()})
    return [_message(one) for one in sent] if isinstance(sent, list) else sent
