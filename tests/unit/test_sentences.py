"""The sentence of an error box, in which a name keeps its case (PRD §7.3)."""

from __future__ import annotations

import pytest

from tests import node

WORDS = {"errors": {"starting": "the app starts", "silent": "{name} is silent", "plain": "{text}"}}


@pytest.mark.parametrize(
    ("key", "values", "shown"),
    [
        ("errors.starting", {}, "The app starts"),
        ("errors.silent", {"name": "eco_ro @ db.plant"}, "eco_ro @ db.plant is silent"),
        ("errors.plain", {"text": "influx_agg_1m is missing"}, "influx_agg_1m is missing"),
        ("", {}, ""),
    ],
)
def test_a_sentence_begins_with_a_capital_and_a_name_as_it_is(
    key: str, values: dict[str, str], shown: str
) -> None:
    message = {"key": key, "values": values}
    assert node.run("lib/words.js", "m.capital(...given)", WORDS, message) == shown
