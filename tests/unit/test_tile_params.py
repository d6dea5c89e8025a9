"""The parameters of requests for tiles, as the contract has them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ksys_app.api.tile_params import PartParams
from ksys_app.domain.ordering import MAX_PINS


def test_pins_are_counted_as_they_are_sent_and_each_counts_once() -> None:
    assert PartParams(pin=["A", "B", "A"]).selection.pins == ("A", "B")
    assert PartParams(pin=["A"] * MAX_PINS).selection.pins == ("A",)
    with pytest.raises(ValidationError, match=f"at most {MAX_PINS} items"):
        PartParams(pin=["A"] * (MAX_PINS + 1))
