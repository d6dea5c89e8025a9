"""The gate checks every event of a browser against the handlers, whatever it contains."""

from __future__ import annotations

import json
import logging
from typing import Any, get_args, get_origin

import orjson
import pytest
from hypothesis import example, given, strategies as st

from ksys_app import log
from ksys_app.events.arguments import MAX_ITEMS, MAX_TEXT, MAX_WHOLE, Catalogue
from ksys_app.events.frames import Conversation
from ksys_app.events.refusals import ALL_LINES, CONNECTION_LINES, KINDS, Refusals, Refused

KEPT = "root.kept_rx_state_"


class Handlers:
    """One of each kind."""

    def nothing(self) -> None: ...
    def text(self, text: str) -> None: ...
    def whole(self, number: int) -> None: ...
    def flag(self, value: bool) -> None: ...
    def two(self, ts: str, tag: str = "") -> None: ...
    def texts(self, tags: list[str]) -> None: ...
    def wholes(self, zoom: list[int]) -> None: ...
    def maybe(self, hashes: list[str] | None = None) -> None: ...
    def stored(self, vars: dict[str, Any]) -> None: ...
    def begun(self, vars: dict[str, Any] | None = None) -> None: ...


HANDLERS = {f"root.{name}": fn for name, fn in vars(Handlers).items() if not name.startswith("_")}
CATALOGUE = Catalogue(HANDLERS, [KEPT], lambda name: "viewer")
# What orjson can make of a message.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*"abc", KEPT]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def fits(value: Any, hint: Any) -> bool:
    """Whether a handler may take ``value`` for a parameter of ``hint``, said independently."""
    if type(None) in get_args(hint):
        (hint,) = set(get_args(hint)) - {type(None)}
        return value is None or fits(value, hint)
    if get_origin(hint) is list:
        return type(value) is list and all(fits(one, get_args(hint)[0]) for one in value)
    if get_origin(hint) is dict:
        return type(value) is dict and all(
            name == KEPT and (one is None or type(one) is str) for name, one in value.items()
        )
    return type(value) is hint and (hint is not int or abs(value) <= MAX_WHOLE)


@given(st.sampled_from(sorted(HANDLERS)), st.data())
def test_a_handler_gets_what_it_takes_and_nothing_else(name: str, data: st.DataObject) -> None:
    hints = {key: hint for key, hint in _hints(name).items() if key != "return"}
    keys = st.sampled_from([*hints, "other"]) if hints else st.just("other")
    payload = data.draw(JSON | st.dictionaries(keys, JSON, max_size=3))
    needed = set(hints) - set(_defaults(name))
    good = (
        type(payload) is dict
        and needed <= set(payload) <= set(hints)
        and all(fits(value, hints[key]) for key, value in payload.items())
    )
    outcome = _outcome({"name": name, "payload": payload})
    if good:
        assert outcome == {"name": name, "payload": _normalised(payload), "router_data": {}}
    else:
        assert isinstance(outcome, Refused)
        assert outcome.kind == "arguments"
        assert len(outcome.why) <= 200


def test_a_stored_var_that_was_deleted_is_an_empty_text() -> None:
    """The framework logs an error for each null."""
    outcome = _outcome({"name": "root.stored", "payload": {"vars": {KEPT: None}}})
    assert outcome == {"name": "root.stored", "payload": {"vars": {KEPT: ""}}, "router_data": {}}


def _normalised(payload: dict[str, Any]) -> dict[str, Any]:
    stored = payload.get("vars")
    return (
        payload | {"vars": {var: text or "" for var, text in stored.items()}} if stored else payload
    )


def _outcome(message: Any) -> dict[str, Any] | Refused:
    try:
        return CATALOGUE.event(message, "viewer")
    except Refused as refused:
        return refused


def _hints(name: str) -> dict[str, Any]:
    return {
        "text": {"text": str},
        "whole": {"number": int},
        "flag": {"value": bool},
        "two": {"ts": str, "tag": str},
        "texts": {"tags": list[str]},
        "wholes": {"zoom": list[int]},
        "maybe": {"hashes": list[str] | None},
        "stored": {"vars": dict[str, Any]},
        "begun": {"vars": dict[str, Any] | None},
        "nothing": {},
    }[name.removeprefix("root.")]


def _defaults(name: str) -> list[str]:
    return {"two": ["tag"], "maybe": ["hashes"], "begun": ["vars"]}.get(
        name.removeprefix("root."), []
    )


@given(JSON | st.fixed_dictionaries({"name": JSON, "payload": JSON, "router_data": JSON}))
def test_whatever_is_no_event_is_refused(message: Any) -> None:
    outcome = _outcome(message)
    if isinstance(outcome, Refused):
        assert outcome.kind in ("event", "handler", "arguments")
    else:
        assert set(outcome) == {"name", "payload", "router_data"}


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("root.text", {"text": "x" * MAX_TEXT}),
        ("root.texts", {"tags": ["x"] * MAX_ITEMS}),
        ("root.whole", {"number": MAX_WHOLE}),
    ],
)
def test_sizes_are_bounded(name: str, payload: dict[str, Any]) -> None:
    assert CATALOGUE.event({"name": name, "payload": payload}, "viewer")["payload"] == payload
    ((key, value),) = payload.items()
    larger = value + 1 if isinstance(value, int) else value * 2
    with pytest.raises(Refused):
        CATALOGUE.event({"name": name, "payload": {key: larger}}, "viewer")


@pytest.mark.parametrize(
    ("place", "good"),
    [
        ({}, True),
        ({"pathname": "/trend", "asPath": "/trend?tag=%2F&x=[]", "query": {"tag": "/"}}, True),
        ({"pathname": "/nowhere", "query": {"splat": ["a", "b"]}}, True),
        ({"pathname": "//[::1"}, False),
        ({"asPath": "http://other"}, False),
        ({"pathname": ""}, False),
        ({"pathname": ["/"]}, False),
        ({"query": []}, False),
        ({"query": {"a": {"b": "c"}}}, False),
        ({"query": {"a": 1}}, False),
        ([], False),
        ("", False),
    ],
)
def test_the_place_of_a_page_is_on_this_host(place: Any, good: bool) -> None:
    message = {"name": "root.nothing", "payload": {}, "router_data": place}
    if good:
        assert CATALOGUE.event(message, "viewer")["router_data"] == place
        return
    with pytest.raises(Refused) as refused:
        CATALOGUE.event(message, "viewer")
    assert refused.value.kind == "event"


def test_what_else_an_event_holds_is_left_out() -> None:
    message = {
        "name": "root.nothing",
        "payload": {},
        "router_data": {"pathname": "/", "headers": {"x": "y"}, "token": "z"},
        "token": "z",
        "event_actions": {"a": 1},
    }
    assert CATALOGUE.event(message, "viewer") == {
        "name": "root.nothing",
        "payload": {},
        "router_data": {"pathname": "/"},
    }


class Odd:
    """Handlers that no browser could be held to."""

    def anything(self, value: Any) -> None: ...
    def untyped(self, value) -> None: ...  # type: ignore[no-untyped-def]
    def many(self, *values: str) -> None: ...
    def either(self, value: int | str) -> None: ...
    def mapping(self, chosen: dict[str, str]) -> None: ...


@pytest.mark.parametrize("name", [name for name in vars(Odd) if not name.startswith("_")])
def test_a_handler_that_cannot_be_checked_is_named(name: str) -> None:
    with pytest.raises(TypeError, match=f"root.{name} takes "):
        Catalogue({f"root.{name}": getattr(Odd, name)})


def joined(refused: list[Refused] | None = None) -> Conversation:
    """A conversation whose page has joined."""
    conversation = Conversation(
        "/_event", CATALOGUE, ([] if refused is None else refused).append, role="viewer"
    )
    assert conversation.checked("40/_event,") == "40/_event,{}"
    return conversation


FRAMES = st.text(max_size=30) | st.builds(
    lambda packet, namespace, content: packet + namespace + content,
    st.sampled_from(["40", "41", "42", "43", "45", "4", "2", "", "44"]),
    st.sampled_from(["/_event,", "/_event", "/other,", ""]),
    st.text(max_size=20) | st.builds(json.dumps, JSON | st.lists(st.just("event") | JSON)),
)


@given(FRAMES | st.none())
@example("42/_event," + json.dumps(["event", {"name": "root.nothing", "payload": {}}]))
@example("3")
def test_no_frame_fails_and_only_checked_events_pass(frame: str | None) -> None:
    refused: list[Refused] = []
    passed = joined(refused).checked(frame)
    assert (passed is None) == bool(refused)
    if passed is None:
        return
    assert joined().checked(passed) == passed
    if passed.startswith("42"):
        name, event = orjson.loads(passed.partition(",")[2])
        assert name in ("event", "client_error")
        assert name == "client_error" or event["name"] in HANDLERS


def test_no_frame_passes_before_joining_after_a_second_joining_or_after_leaving() -> None:
    refused: list[Refused] = []
    talk = Conversation("/_event", CATALOGUE, refused.append, role="viewer")
    good = "42/_event," + json.dumps(["event", {"name": "root.nothing"}])
    assert talk.checked(good) is None
    assert talk.checked('40/_event,{"state_schema":"a","x":1}') == '40/_event,{"state_schema":"a"}'
    assert talk.checked("40/_event,{}") is None
    assert talk.checked(good) is not None
    assert talk.checked("41/_event,") == "41/_event,"
    assert talk.checked(good) is None
    assert [one.kind for one in refused] == ["frame"] * 3


def test_a_page_that_begins_with_a_wrong_event_joins_without_it() -> None:
    refused: list[Refused] = []
    talk = Conversation("/_event", CATALOGUE, refused.append, role="viewer")
    first_event = json.dumps({"state_schema": "a", "event": {"name": "root.gone", "payload": {}}})
    assert talk.checked(f"40/_event,{first_event}") == '40/_event,{"state_schema":"a"}'
    assert [one.kind for one in refused] == ["handler"]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_connection_has_ten_lines_in_any_minute_and_then_says_how_many_had_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    refusals = Refusals(clock)
    pace = refusals.pace()
    for second in range(130):
        clock.now = float(second)
        for _ in range(3):
            refusals.note(Refused("json", "no JSON"), "10.0.0.7:1", pace)
    lines = [line for line in caplog.messages if line.startswith("event_refused ")]
    # Ten at once, then as each of them is a minute old.
    assert len(lines) == 3 * CONNECTION_LINES
    assert refusals.counts == dict.fromkeys(KINDS, 0) | {"json": 390}
    assert lines[0].endswith('kind=json why="no JSON" peer=10.0.0.7:1 unlogged=0 muted=false')
    assert lines[9].endswith(" unlogged=0 muted=true")
    assert lines[10].endswith(" unlogged=170 muted=false")


def test_all_connections_together_have_a_hundred(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals(Clock())
    for _ in range(1_000):
        refusals.note(Refused("frame", "none of this page"), "-", refusals.pace())
    lines = [line for line in caplog.messages if line.startswith("event_refused ")]
    assert len(lines) == ALL_LINES
    assert refusals.counts["frame"] == 1_000


@given(st.text())
def test_a_refusal_is_one_short_line(why: str) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log.logger.addHandler(handler)
    try:
        Refusals().note(Refused("event", why), "-", Refusals().pace())
    finally:
        log.logger.removeHandler(handler)
    (line,) = lines
    assert line.isprintable()
    assert len(line) < 200 * 10 + 200
