"""The state of ``/explore`` without a browser, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ksys_app.errors import DatabaseUnreachable
from ksys_app.models.message import Message
from ksys_app.states.explore import ExploreState
from ksys_app.states.views import names_text
from ksys_app.texts import say
from tests import plant
from tests.conftest import Plant
from tests.states.page_query import WithQuery, with_query

TAGS = ("A", "B", "압력, 1")


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    now = (await plant.clock(plant_db.conn)).replace(second=0, microsecond=0)
    rows = [(now - timedelta(minutes=m), tag, float(m)) for m in range(30) for tag in TAGS]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, enabled, meta)"
        ' VALUES (\'A\', 0, 40, true, \'{"title": "Pump A", "unit": "bar"}\')'
    )


class Explore(WithQuery, ExploreState):
    """With the URL that a test sets."""


async def load(**query: str) -> Any:
    state = with_query(Explore, **query)
    await run(state, "load_explore")
    return state


async def run(state: Any, name: str) -> None:
    events = ExploreState.event_handlers[name].fn(state)
    if hasattr(events, "__aiter__"):
        async for _ in events:
            pass


def query_of(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)


async def test_a_link_shows_the_same_again() -> None:
    shown = {
        "tags": names_text(TAGS),
        "window": "60m",
        "bucket": "10m",
        "compare": "yesterday",
        "diff": "1",
        "layout": "panels",
        "hide": "B",
        "zoom": "1000-2000",
        "part": "1200-1500",
        "tool": "relations",
        "rel": "matrix",
        "x": "A",
        "y": "B",
        "lag": "-3",
    }
    state = await load(**shown)
    assert (state.phase, state.tags) == ("loaded", list(TAGS))
    assert {key: one for key, (one,) in query_of(state.link).items()} == shown
    assert query_of("?" + state.time_query) == {"window": ["60m"], "bucket": ["10m"]}


@pytest.mark.parametrize(
    ("query", "bucket", "caption"),
    [
        ({"window": "60m"}, "", "60 minutes, one point per minute"),
        ({"window": "60m"}, "10m", "60 minutes, one point per 10 minutes"),
        ({"window": "60m"}, "raw", "60 minutes, every sample"),
        ({"from": "now-90m"}, "raw", "now-90m – now, every sample"),
        ({"from": "now-90m"}, "1h", "now-90m – now, one point per hour"),
    ],
)
async def test_the_caption_has_the_buckets_that_are_shown(
    query: dict[str, str], bucket: str, caption: str
) -> None:
    state = await load(tags="A", **query)
    ExploreState.event_handlers["choose_bucket"].fn(state, bucket)
    await run(state, "show")
    assert say(state.window_caption) == caption
    opened = await load(tags="A", **query, **({"bucket": bucket} if bucket else {}))
    assert say(opened.window_caption) == caption


async def test_an_address_without_tags_shows_the_first_tag_and_then_the_last_ones() -> None:
    state = await load()
    assert state.tags == ["A"]
    assert state.link == "/explore?tags=A&window=5m"
    state.add_tag("B")
    again = with_query(Explore)
    again.saved_tags = state.saved_tags
    await run(again, "load_explore")
    assert again.tags == ["A", "B"]


async def test_tags_are_added_ordered_and_removed() -> None:
    state = await load(tags="A", window="60m")
    assert state.add_tag("B") is not None
    assert state.tags == ["A", "B"]
    state.hide(["B", "nobody"])
    await run(state, "show")
    assert state.choose_tags(["B", "A"]) is None
    assert (state.tags, state.hidden, state._has_data()) == (["B", "A"], ["B"], True)
    assert state.choose_tags(["A"]) is not None
    assert (state.tags, state.hidden) == (["A"], [])
    assert state.choose_tags([]) is None


async def test_there_are_nine_tags_at_most() -> None:
    state = await load(tags="A")
    state.choose_tags([str(n) for n in range(12)])
    assert len(state.tags) == 9
    assert state.add_tag("one more") is None


async def test_a_tag_with_a_rule_has_its_title_unit_and_range() -> None:
    state = await load(tags=names_text(TAGS))
    assert state.facts == {"A": {"title": "Pump A", "unit": "bar", "range": [0.0, 40.0]}}


async def test_the_difference_is_shown_only_where_it_was_chosen() -> None:
    state = await load(tags="A", compare="yesterday", diff="yes")
    assert not state.difference
    state.choose_difference(True)
    assert query_of(state.link)["diff"] == ["1"]
    state.choose_difference("yes")
    assert "diff" not in query_of(state.link)


async def test_another_range_begins_without_zoom_selection_and_buckets() -> None:
    state = await load(tags="A", window="60m", bucket="10m", zoom="5-9", part="6-7")
    state.set_range("now-2h", "now")
    assert (state.zoom, state.part, state.bucket) == ([], [], "")
    assert query_of(state.link) == {"tags": ["A"], "from": ["now-2h"], "to": ["now"]}


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ({"tags": "nope"}, "UNKNOWN_TAG", "no tag is named 'nope'"),
        ({"tags": "A", "window": "9y"}, "BAD_PARAMETER", "9y"),
        ({"tags": "A", "bucket": "7m"}, "BAD_PARAMETER", "bucket 7m is none of"),
        ({"tags": "A", "window": "12m", "bucket": "1m"}, "BAD_PARAMETER", "the finest is 1h"),
        ({"tags": "A", "compare": "noon"}, "BAD_PARAMETER", "noon"),
        ({"tags": "A", "from": "now-1x"}, "BAD_PARAMETER", "now-1x"),
    ],
)
async def test_an_impossible_selection_is_an_error(
    query: dict[str, str], code: str, text: str
) -> None:
    state = await load(**query)
    assert (state.phase, state.problem.code, state.link) == ("error", code, "")
    assert text in say(state.problem.message)


async def test_a_start_that_is_no_time_is_an_error_and_changes_nothing() -> None:
    state = await load(tags="A", window="60m", compare="yesterday")
    for text in ("noon", "2099-01-01"):
        assert state.choose_compare(text) is None
        assert text in say(state.compare_problem)
        assert state.compare == "yesterday"
    assert state.choose_compare(" now-7d ") is not None
    assert (state.compare, state.compare_problem) == ("now-7d", Message())
    state.choose_compare("noon")
    assert state.choose_compare("") is not None
    assert (state.compare, state.compare_problem) == ("", Message())


async def test_a_tag_that_is_gone_is_left_out_and_named() -> None:
    state = await load(tags="A,gone,B", window="60m")
    assert (state.phase, state.tags, state.missing) == ("loaded", ["A", "B"], ["gone"])
    assert query_of(state.link)["tags"] == ["A,B"]
    state.choose_tags(["B"])
    assert state.missing == []


async def test_a_database_that_is_lost_while_tags_are_searched_is_an_error_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(_tags: list[str]) -> list[str]:
        raise DatabaseUnreachable()

    monkeypatch.setattr("ksys_app.states.explore.existing_tags", lost)
    state = await load(tags="A,gone", window="60m")
    assert (state.phase, state.problem.code) == ("error", "DB_CONN")
    assert (state.tags, state.missing) == (["A", "gone"], [])


async def test_after_an_impossible_selection_another_one_is_shown() -> None:
    state = await load(tags="A", window="12m", bucket="1m")
    assert state.problem.way == "open"
    assert state.retry() is not None
    await run(state, "show")
    assert (state.phase, state.bucket, state.tags) == ("loaded", "", ["A"])
    state = await load(tags="nope", window="60m")
    state.add_tag("B")
    await run(state, "show")
    assert (state.phase, state.tags) == ("loaded", ["B"])


async def test_what_a_browser_sends_is_made_valid() -> None:
    state = await load(tags="A", window="60m")
    state.choose_layout("nowhere")
    state.choose_tool("nothing")
    state.set_part([9, 5])
    state.choose_relation("no", "nobody", "A", 10**9)
    assert (state.layout, state.tool, state.part) == ("one", "stats", [])
    assert state.relation == {"rel": "xy", "x": "", "y": "A", "lag": 0}
    assert state.add_tag("\0") is None


async def test_the_revision_grows_with_a_new_answer_only(nothing_expires: None) -> None:
    state = await load(tags="A", window="60m")
    first = state.revision
    await run(state, "show")
    assert state.revision == first
    await run(state, "refresh")
    assert state.revision == first + 1
