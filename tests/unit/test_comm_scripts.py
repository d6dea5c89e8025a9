"""The browser functions of ``/comm``, run by Node."""

from __future__ import annotations

import re

import pytest

from ksys_app.domain.timefmt import age_label
from ksys_app.texts import ENGLISH
from tests.node import run

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> int:
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+) (\w+)", text))


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (1, "1 min"),
        (59, "59 min"),
        (60, "1 h"),
        (124, "2 h 04 min"),
        (26 * 60, "26 h"),
        (47 * 60 + 59, "47 h 59 min"),
        (123 * 60 + 5, "5 d 3 h"),
    ],
)
def test_the_length_of_an_outage_is_never_less_than_the_age_beside_it(
    minutes: int, text: str
) -> None:
    assert run("lib/age.js", "m.lengthText(...given)", minutes, dict(ENGLISH["live"])) == text
    assert seconds(text) >= seconds(age_label(minutes * 60))
