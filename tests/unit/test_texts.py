"""The catalogue of words: no duplicates, nothing missing, nothing unused."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from ksys_app import texts
from ksys_app.components.series_table import filled
from ksys_app.domain.windows import LABELS, parse_window
from ksys_app.models.rows import Fault, QcRule
from ksys_app.states.comm_views import STATE_CODE
from ksys_app.texts import LANGUAGES, LiveTexts, Texts
from ksys_app.texts_comm import CommTexts, comm_words
from tests import node

PACKAGE = Path(__file__).resolve().parents[2] / "ksys_app"
SCRIPTS = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted((PACKAGE / "components" / "client").rglob("*.js*"))
)
PYTHON = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("components", "pages", "states", ".")
    for path in sorted((PACKAGE / folder).glob("*.py"))
)


def names(catalogue: type) -> set[str]:
    """Every text of a catalogue."""
    return {field.name for field in fields(catalogue)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_language_is_empty(language: str) -> None:
    words = asdict(LANGUAGES[language])
    live = words.pop("live")
    assert [name for name, text in {**words, **live}.items() if not text] == []


def test_what_the_browser_says_is_in_the_catalogue() -> None:
    asked = set(re.findall(r"\bt\.(\w+)", SCRIPTS))
    assert asked - names(LiveTexts) == set()
    prefixes = set(re.findall(r"\bt\[`(\w+_)\$", SCRIPTS))
    assert prefixes == {
        "bar_",
        "says_",
        "comm_",
        "comm_why_",
        "count_",
        "normal_",
        "state_",
        "tags_",
    }
    unused = names(LiveTexts) - asked
    assert {name for name in unused if not name.startswith(tuple(prefixes))} <= {"retry"}


@pytest.mark.parametrize("prefix", ["bar_", "says_"])
def test_every_state_of_the_page_has_its_words(prefix: str) -> None:
    states = {
        *("live", "loading", "empty", "paused", "stale", "overdue", "disconnected"),
        *("error", "retrying"),
    }
    start = SCRIPTS.index("function linkOf")
    body = SCRIPTS[start : SCRIPTS.index("\n}", start)]
    assert set(re.findall(r'"(\w+)"', body)) - {"idle"} == states
    assert {f"{prefix}{state}" for state in states} <= names(LiveTexts)


@pytest.mark.parametrize("prefix", ["comm_", "comm_why_"])
def test_every_comm_state_has_its_words(prefix: str) -> None:
    assert {f"{prefix}{state}" for state in ("ok", "late", "lost", "never")} <= names(LiveTexts)


def test_no_text_of_the_pages_is_missing_or_unused() -> None:
    used = set(re.findall(r"\bT\.(\w+)", PYTHON))
    assert used == names(Texts)


def test_no_text_of_the_page_of_communication_is_missing_or_unused() -> None:
    states = "".join(path.read_text("utf-8") for path in (PACKAGE / "states").glob("comm*.py"))
    used = set(re.findall(r"\bC\.(\w+)", PYTHON + states)) | set(re.findall(r"\bw\.(\w+)", SCRIPTS))
    assert set(re.findall(r"\bw\[`(\w+_)\$", SCRIPTS)) == {"state_"}
    assert used | {f"state_{one}" for one in STATE_CODE} == names(CommTexts)
    assert all(comm_words().values())


def test_placeholders_are_those_that_get_filled() -> None:
    filled = set(re.findall(r"\{(\w+)\}", "".join(map(str, asdict(Texts()).values()))))
    assert filled == {
        *(
            "age",
            "all",
            "code",
            "since",
            "still",
            "allowed",
            "bucket",
            "caption",
            "faults",
            "from",
            "high",
            "last",
            "limits",
            "lost",
        ),
        *(
            "low",
            "message",
            "n",
            "name",
            "seconds",
            "tag",
            "text",
            "time",
            "to",
            "value",
            "window",
        ),
        "zone",
    }


@pytest.mark.parametrize(
    ("template", "parts"),
    [
        ("Page {n} of {all}", ["Page ", 3, " of ", 7]),
        ("{n}행", [3, "행"]),
        ("{all}쪽 중 {n}쪽", [7, "쪽 중 ", 3, "쪽"]),
        ("no rows", ["no rows"]),
    ],
)
def test_a_count_is_filled_into_a_text_with_or_without_a_blank(
    template: str, parts: list[object]
) -> None:
    assert filled(template, {"n": 3, "all": 7}) == parts


def test_the_window_menu_holds_all_13_in_four_groups_in_order() -> None:
    groups = texts.window_groups()
    assert [group["name"] for group in groups] == ["Minutes", "Hours", "Days", "Months"]
    assert tuple(item["label"] for group in groups for item in group["items"]) == LABELS
    months = {item["label"]: item["title"] for item in groups[3]["items"]}
    assert months["3m"] == "3 months"


def test_captions_name_window_and_bucket() -> None:
    assert texts.window_caption(parse_window("5m")) == "5 minutes, one point per minute"
    assert texts.delta_caption(parse_window("7d")) == "vs the 10 minutes before"


def test_a_detail_says_why_limits_do_not_count() -> None:
    assert "no rule" in texts.detail_note(None)
    assert "switched off" in texts.detail_note(QcRule("D100", enabled=False))
    assert texts.detail_note(QcRule("D100")) == ""
    faulty = QcRule("D100", faults=(Fault("max_val", "nan is not a finite number"),))
    assert texts.detail_note(faulty).endswith("not judged: max_val: nan is not a finite number")


OTHER_WORDS = re.compile(
    r"alive|silent|\blost\b|\bseen\b|success|stale|\bloading|not current|\bbuckets?\b|whole window"
    r"|what to do|\bover$|\brange (from|to)|no alarm|mean\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_word_for_one_thing(language: str) -> None:
    words = asdict(LANGUAGES[language])
    spoken = {**words.pop("live"), **words, **comm_words(), **texts.LIMITS, **texts.FEATURES}
    plain = {name: re.sub(r"\{\w+\}", "", text) for name, text in spoken.items()}
    assert {name: text for name, text in plain.items() if OTHER_WORDS.search(text)} == {}
    assert (spoken["min_val"], spoken["max_val"]) == (spoken["limit_from"], spoken["limit_to"])
    assert (spoken["n_5m"], spoken["mean_5m"]) == (spoken["stat_count"], spoken["avg"])


def test_a_count_of_one_has_a_form_of_its_own() -> None:
    text = "{day}: {n} row|{day}: {n} rows"
    assert texts.forms(text) == ("{day}: {n} row", "{day}: {n} rows")
    assert texts.forms("{n} of {all}") == ("{n} of {all}", "{n} of {all}")
    counts = [1, "1", 0, 2, "1\u202f000", "–"]
    expression = "given[1].map((n) => m.counted(given[0], n, { day: 'May' }))"
    shown = node.run("lib/words.js", expression, text, counts)
    assert shown == ["May: 1 row"] * 2 + [f"May: {n} rows" for n in counts[2:]]
    assert node.run("lib/words.js", "m.counted('{n} of 9', 1)") == "1 of 9"


def test_limits_and_features_are_named_as_the_schema_names_them() -> None:
    assert set(texts.LIMITS) <= {*QcRule.__dataclass_fields__, "stuck_s"}, "of meta"
    assert all(name.endswith("_5m") for name in texts.FEATURES)
