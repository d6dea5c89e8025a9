"""Days and times of requests: of the years 2000 to 2099, and as texts of a range (PRD §33.1)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from ksys_app.api.forms import WrongForm

# Every existing day from 2000 to 2099, with 29 February in leap years.
DAY: Final = (
    "^20([0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))|([02468][048]|[13579][26])-02-29)$"
)
MOMENT: Final = (
    DAY.removesuffix("$") + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
    "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
# The texts that domain.ranges parses: relative to now, or a day with or without time and offset.
RANGE_TEXT: Final = (
    "^(now(-[1-9][0-9]{0,8}[smhdwMy])?(/[hdwM])?|"
    + DAY.removeprefix("^").removesuffix("$")
    + "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
    "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?)$"
)


def _parse_day(value: str) -> date:
    _check(DAY, value, "day")
    return date.fromisoformat(value)


def _parse_moment(value: str) -> datetime:
    _check(MOMENT, value, "moment")
    return datetime.fromisoformat(value)


def _check(pattern: str, value: object, expected: str) -> None:
    """Check a text against a pattern that allows the years 2000 to 2099.

    ``expected`` is the name of the text that says what is allowed.

    Raises:
        WrongForm: the text does not match. If only its year is wrong, the message says so.
    """
    text = value if isinstance(value, str) else ""
    if re.fullmatch(pattern, text):
        return
    # 2000 is a leap year, so that it has every day that another year may have.
    if re.match("(?!20)[0-9]{4}-", text) and re.fullmatch(pattern, f"2000{text[4:]}"):
        raise WrongForm("years", year=text[:4])
    raise WrongForm(expected)


Day = Annotated[
    date,
    BeforeValidator(_parse_day),
    Field(examples=["2026-02-28"], json_schema_extra={"pattern": DAY}),
]

Moment = Annotated[
    datetime,
    BeforeValidator(_parse_moment),
    Field(examples=["2026-02-28T09:00:00+09:00"], json_schema_extra={"pattern": MOMENT}),
]
RangeText = Annotated[
    str,
    Field(examples=["now-6h", "2026-11-03T22:00"], json_schema_extra={"pattern": RANGE_TEXT}),
]
CompareText = Annotated[
    str,
    Field(
        examples=["previous", "yesterday", "last_week", "last_month", "2026-11-03"],
        json_schema_extra={
            "pattern": "^(previous|yesterday|last_week|last_month)$|" + RANGE_TEXT,
        },
    ),
]
