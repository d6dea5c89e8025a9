"""Addresses of views and turns in the browser, run by Node."""

from __future__ import annotations

import pytest

from ksys_app.domain.names import step_flaw
from ksys_app.domain.saved_views import MAX_NAME, PARAMETERS, clean_query
from tests.node import run

TURNS = "views/turns.js"


def test_what_is_saved_is_a_view_whatever_the_address_says_of_a_wall() -> None:
    given = {
        "/ksys/explore": "?tags=A%252Cb,D200&from=now-6h&hide=&kiosk=1&wall=A,B&every=9&at=1",
        "/ksys/": "?window=5m&kiosk=1",
        "/ksys": "",
        "/ksys/alarms/journal/": "?span=7d",
    }
    views = run(
        TURNS,
        "given[0].map(([pathname, search]) => m.currentView({ pathname, search }, '/ksys'))",
        list(given.items()),
    )
    assert [(one["path"], clean_query(one["path"], one["query"])) for one in views] == [
        ("/explore", "tags=A%252Cb,D200&from=now-6h"),
        ("/", "window=5m"),
        ("/", ""),
        ("/alarms/journal", "span=7d"),
    ]


def test_a_name_that_cannot_be_in_an_address_is_refused_before_it_is_sent() -> None:
    """A request for ``/api/v1/views/..`` would be one for ``/api/v1/``."""
    script = (
        "given[0].map((name) => { try { m.save({ name }, null); } "
        "catch (error) { return m.reason(error, name); } })"
    )
    step, two, hidden = run("views/saved.js", script, [".", "..", "a\u200bb"])
    assert (step["key"], two["values"]) == ("errors.name_step", {"name": "'..'"})
    assert (hidden["key"], hidden["values"]) == ("errors.view_name", {"most": MAX_NAME})


def test_the_browser_knows_the_names_that_the_server_takes() -> None:
    signs = (
        "a 압\u00e9\U0001f600\0\n\t\x7f\u00a0\u00ad\u200b\u200e\u202e\u2028\u2029\u3000\ue000\ufeff"
    )
    names = [".", "..", "...", "./", "%2e", "a b", *(f"x{sign}y" for sign in signs)]
    wanted = ["step" if step_flaw(one) else "" if one.isprintable() else "hidden" for one in names]
    assert run("lib/savednames.js", "given[0].map(m.nameFlaw)", names) == wanted
    assert wanted.count("hidden") == 14


def test_every_page_that_can_be_saved_offers_it() -> None:
    assert sorted(run(TURNS, "m.SAVED_PAGES")) == sorted(PARAMETERS)


@pytest.mark.parametrize(
    ("search", "turns"),
    [
        ("?kiosk=1", None),
        ("?wall=", None),
        ("?wall=%ZZ%,Load%20100%25", {"names": ["%ZZ%", "Load 100%"], "every": 30, "at": 0}),
        ("?wall=A", {"names": ["A"], "every": 30, "at": 0}),
        ("?wall=A%2Ca%252Cb&every=1&at=1", {"names": ["A", "a,b"], "every": 5, "at": 1}),
        ("?wall=A,B&every=99999&at=7", {"names": ["A", "B"], "every": 3600, "at": 1}),
        ("?wall=A,B&every=x&at=-3", {"names": ["A", "B"], "every": 30, "at": 0}),
    ],
)
def test_turns_are_read_from_an_address(search: str, turns: dict[str, object] | None) -> None:
    assert run(TURNS, "m.turnsOf(given[0])", search) == turns


def test_an_address_on_a_wall_is_read_as_it_was_written() -> None:
    turns = {"names": ["Night, 야간", "100 %"], "every": 45, "at": 1}
    view = {"path": "/explore", "query": "tags=A%252Cb"}
    address = run(TURNS, "m.kioskAddress(given[0], given[1])", view, turns)
    path, _, search = address.partition("?")
    assert path == "/explore"
    assert run(TURNS, "m.turnsOf(given[0])", f"?{search}") == turns
    assert "tags=A%252Cb" in search
    assert "kiosk=1" in search


def test_turns_go_both_ways_and_try_every_other_view_first() -> None:
    expression = "[1, -1].map((step) => m.orderAfter({ names: ['a', 'b', 'c'], at: 1 }, step))"
    assert run(TURNS, expression) == [[2, 0, 1], [0, 2, 1]]


def test_the_address_of_a_page_keeps_what_it_says_of_a_wall() -> None:
    expression = (
        "m.withWallParams("
        "new URL('http://x/explore?tags=A&window=5m'), '?tags=B&kiosk=1&wall=A&at=0').href"
    )
    expected = "http://x/explore?tags=A&window=5m&kiosk=1&wall=A&at=0"
    assert run("lib/address.js", expression) == expected


@pytest.mark.parametrize(
    ("before", "now", "age_ms", "broken", "due"),
    [
        ("a", "a", 0, 0, False),
        ("a", "b", 0, 0, True),
        (None, "b", 0, 0, False),
        ("a", None, 0, 0, False),
        ("a", "a", 86_400_001, 0, True),
        ("a", "a", 0, 2, False),
        ("a", "a", 0, 3, True),
    ],
)
def test_a_screen_loads_its_page_anew_when_that_is_due(
    before: str | None, now: str | None, age_ms: int, broken: int, due: bool
) -> None:
    given = {"before": before, "now": now, "ageMs": age_ms, "failures": broken}
    assert run("views/watch.js", "m.mustReload(given[0])", given) is due
