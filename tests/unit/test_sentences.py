"""What an error box says: a sentence, in which a name keeps its case (PRD §7.3)."""

from __future__ import annotations

import pytest

from ksys_app.errors import DatabaseUnreachable
from ksys_app.states.views import problem


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the app is starting; try again", "The app is starting; try again"),
        ("couldn't be read", "Couldn't be read"),
        ("window '3x' is unknown", "Window '3x' is unknown"),
        ("eco_ro @ db.plant:5432/EcoAnP does not answer", ""),
        ("postgres @ db.plant:5432/EcoAnP does not answer", ""),
        ("influx_agg_1m is missing", ""),
        ("'eco_ro' may not read it", ""),
        ("온도 is not known", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_and_a_name_as_it_is(message: str, shown: str) -> None:
    assert problem(DatabaseUnreachable(message), 0).message == (shown or message)
