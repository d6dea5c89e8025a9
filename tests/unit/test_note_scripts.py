"""Annotations in the browser, run by Node."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from ksys_app.api.annotation_params import NewNote
from ksys_app.models.annotations import CATEGORIES
from tests.node import run

NOTES = "explore/notes/notes.js"
ZONE = "Asia/Seoul"
T0 = 1_767_225_600_000  # 2026-01-01 09:00:00 in Seoul


def call(expression: str, *arguments: Any) -> Any:
    return run(NOTES, expression, *arguments)


def body(**changed: Any) -> Any:
    about = "{ part: [given[1], given[1] + 60_500], tags: ['A', 'B'], zone: given[0] }"
    draft = f"{{ ...m.newDraft({about}), ...given[2] }}"
    return call(f"m.bodyOf({draft}, given[0])", ZONE, T0, {"text": "a"} | changed)


def test_it_has_the_categories_of_the_server_each_with_a_symbol() -> None:
    assert call("[m.CATEGORIES, Object.keys(m.SYMBOLS)]") == [[*CATEGORIES]] * 2


def test_the_request_for_notes_does_not_depend_on_buckets_or_the_order_of_tags() -> None:
    url = call("m.requestOf('from=now-6h&to=now&bucket=1m', ['펌프 2', 'A&B'])")
    assert url == call("m.requestOf('from=now-6h&to=now&bucket=10m', ['A&B', '펌프 2'])")
    parameters = {"from": ["now-6h"], "to": ["now"], "tag": ["A&B", "펌프 2"], "limit": ["1000"]}
    assert parse_qs(urlsplit(url).query) == parameters


@pytest.mark.parametrize(
    ("about", "times"),
    [
        ({"part": [T0, T0 + 3_600_400]}, ["2026-01-01 09:00:00", "2026-01-01 10:00:00"]),
        ({"part": [], "cursor": {"ms": T0 + 60_000}}, ["2026-01-01 09:01:00", ""]),
        ({"cursor": {"ms": 0}, "range": [T0, T0 + 1000]}, ["2026-01-01 09:00:01", ""]),
    ],
)
def test_a_new_one_is_of_the_selection_else_of_the_cursor_else_of_the_end(
    about: dict[str, Any], times: list[str]
) -> None:
    draft = call("m.newDraft({ ...given[0], tags: ['A'], zone: given[1] })", about, ZONE)
    assert [draft["fromText"], draft["toText"]] == times
    assert (draft["tags"], draft["all"]) == (["A"], False)


def test_a_new_one_is_not_after_now() -> None:
    expression = (
        "[Date.now(), m.newDraft({ range: [0, 4e12], tags: [], zone: 'UTC' }).fromText, Date.now()]"
    )
    before, text, after = call(expression)
    moment = datetime.fromisoformat(f"{text}Z").timestamp() * 1000
    assert before - 1000 <= moment <= after + 1000


def test_what_is_sent() -> None:
    assert body(text=" a\nb ") == {
        "body": {
            "from": "2026-01-01T09:00:00.000+09:00",
            "to": "2026-01-01T09:01:01.000+09:00",
            "tags": ["A", "B"],
            "category": "note",
            "text": "a\nb",
        }
    }
    sent = body(all=True, toText="", fromText="2026-01-02 00:00", id=7, version=3)["body"]
    assert (sent["tags"], sent["to"], sent["version"]) == ([], None, 3)
    assert sent["from"] == "2026-01-02T00:00:00.000+09:00"


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"text": " \n"}, "empty"),
        ({"text": "👷" * 2000}, None),
        ({"text": "x" * 2001}, "long"),
        ({"fromText": "yesterday"}, "time"),
        ({"fromText": ""}, "time"),
        ({"toText": "soon"}, "time"),
        ({"toText": "2026-01-01 09:00:00"}, "order"),
        ({"toText": "2027-01-02 09:00:00"}, None),
        ({"toText": "2027-01-02 09:00:01"}, "span"),
        ({"tags": []}, "tags"),
        ({"fromText": "1999-12-31 23:59:59", "toText": ""}, "year"),
        ({"fromText": "2000-01-01 00:00", "toText": ""}, None),
        ({"toText": "2100-01-01 00:00"}, "year"),
        ({"fromText": "2099-12-31 23:59:59", "toText": ""}, None),
        ({"fromText": "1000-01-01", "toText": ""}, "year"),
        ({"fromText": "0001-01-01", "toText": ""}, "time"),
    ],
)
def test_what_cannot_be_sent(changed: dict[str, Any], wrong: str | None) -> None:
    result = body(**changed)
    assert result.get("wrong") == wrong
    if wrong is None:
        # The server takes what the page sends, and knows the years that the page refuses.
        NewNote(**result["body"])
    elif wrong == "year":
        sent = {"from": f"{changed.get('fromText', changed['toText'])[:10]}T00:00:00+09:00"}
        with pytest.raises(ValidationError, match="must be of the years 2000 to 2099, not of"):
            NewNote(**{"text": "a", **sent})


def test_a_time_that_nobody_changed_stays_as_it_is() -> None:
    note = {"id": 1, "version": 1, "category": "note", "text": "a", "tags": []}
    # The second 01:30 of the night in which the clocks of New York go back.
    moment = 1_793_514_600_123
    sent = call(
        "m.bodyOf(m.draftOf(given[0], 'America/New_York'), 'America/New_York')",
        note | {"from": moment, "to": None},
    )
    assert sent["body"]["from"] == "2026-11-01T01:30:00.123-05:00"


def test_another_time_or_category_of_a_note_is_a_change_too() -> None:
    note = {
        "id": 1,
        "version": 1,
        "category": "note",
        "text": "a",
        "tags": [],
        "from": 0,
        "to": None,
    }
    for change in ("{}", "{fromText: '2026-01-31 14:05'}", "{category: 'fault'}", "{tags: ['A']}"):
        dirty = call(f"m.isDirty({{...m.draftOf(given[0], 'UTC'), ...{change}}})", note)
        assert dirty is (change != "{}")


@pytest.mark.parametrize(
    ("who", "writable", "name"),
    [
        ({"role": "operator"}, True, ""),
        ({"role": "viewer"}, True, "no_role"),
        ({"role": "admin"}, False, "no_write"),
        (None, True, "no_me"),
        ({"role": "admin"}, None, "no_me"),
    ],
)
def test_a_reader_sees_why_writing_is_impossible(who: Any, writable: Any, name: str) -> None:
    assert call("m.writeProblem(...given)", who, writable) == name


def test_the_reason_why_a_note_is_not_saved_is_in_the_language_of_the_reader() -> None:
    words = {"explore": {"note_refused": "Not done: {why}.", "note_away": "away"}}
    words["errors"] = {"code_CONFLICT": "changed", "annotation_of_other": "only {author}"}
    own = {"failed": "only Kim", "code": "FORBIDDEN", "key": "errors.annotation_of_other"}
    failures = [
        own | {"values": {"author": "Kim"}},
        {"failed": "changed by X", "code": "CONFLICT"},
        {"failed": "text must say something", "code": "BAD_PARAMETER"},
        {"failed": ""},
    ]
    texts = run(
        "explore/notes/saving.js",
        "given[1].map((one) => m.failureText(given[0], one))",
        words,
        failures,
    )
    assert texts == [
        "Not done: only Kim.",
        "Not done: changed.",
        "Not done: text must say something.",
        "away",
    ]


def test_a_range_around_one_shows_what_is_beside_it() -> None:
    expression = "m.rangeAround({ from: given[0], to: given[1] }, given[2])"
    span = call(expression, T0, T0 + 3 * 3_600_000, ZONE)
    assert span == ["2026-01-01T08:00:00", "2026-01-01T13:00:00"]
    moment = call(expression, T0, None, ZONE)
    assert moment == ["2026-01-01T08:45:00", "2026-01-01T09:15:00"]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (None, "2026-01-01 09:00"),
        (90_000, "2026-01-01 09:00 – 09:01:30"),
        (86_400_000, "2026-01-01 09:00 – 2026-01-02 09:00"),
    ],
)
def test_the_time_of_one_in_words(length: int | None, text: str) -> None:
    note = {"from": T0, "to": None if length is None else T0 + length}
    assert call("m.spanText(...given)", note, ZONE) == text


def test_a_changed_draft_stays_when_another_note_is_opened() -> None:
    """In Node there is no storage, so a draft lasts as long as the module."""
    expression = (
        "[{ id: 0, text: '', before: '' }, { id: 5, text: 'a', before: 'a' }].map((first) => {"
        " const { openDraft, currentDraft } = m;"
        " openDraft(first); const seen = [currentDraft().id];"
        " openDraft({ id: 7, text: 'b', before: 'b' }); seen.push(currentDraft().id);"
        " m.changeDraft({ text: 'half a word' });"
        " openDraft({ id: 9, text: 'c', before: 'c' });"
        " seen.push(currentDraft().id, currentDraft().waits);"
        " openDraft({ id: 7, text: 'b', before: 'b' });"
        " seen.push(currentDraft().text, currentDraft().waits); m.setDraft(null); return seen; })"
    )
    found = run("explore/notes/draft.js", expression)
    assert found == [[first, 7, 7, True, "half a word", False] for first in (0, 5)]
