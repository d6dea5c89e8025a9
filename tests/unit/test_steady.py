"""The order of a list stays while somebody uses the list, run by Node."""

from __future__ import annotations

import pytest

from tests.node import run

REST_MS = 60_000


@pytest.mark.parametrize(
    ("pointer", "keys", "rested_ms", "attended"),
    [
        (True, False, 0, True),
        (False, True, 0, True),
        (True, False, REST_MS - 1, True),
        (True, False, REST_MS, False),
        (True, True, REST_MS, False),
        (False, False, 0, False),
    ],
)
def test_a_list_is_attended_while_a_pointer_or_the_keyboard_is_used_inside(
    pointer: bool, keys: bool, rested_ms: int, attended: bool
) -> None:
    inside = {"pointer": pointer, "keys": keys, "usedMs": 1_000}
    expression = "m.isInUse(given[0], given[1], given[2])"
    assert run("lib/steady.js", expression, inside, 1_000 + rested_ms, REST_MS) is attended
