"""One catalogue of words: nothing said twice, nothing missing, nothing unused."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from ksys_app import texts
from ksys_app.domain.windows import LABELS, parse_window
from ksys_app.models.rows import QcRule
from ksys_app.texts import LANGUAGES, LiveTexts, Texts
from ksys_app.texts_comm import CommTexts, comm_words

PACKAGE = Path(__file__).resolve().parents[2] / "ksys_app"
SCRIPTS = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted((PACKAGE / "components" / "client").glob("*.js*"))
)
PYTHON = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("components", "pages", ".")
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
    assert prefixes == {"bar_", "says_", "comm_", "comm_why_", "count_"}
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
    assert used | {f"state_{one}" for one in ("ok", "warn", "crit", "no_data")} == names(CommTexts)
    assert all(comm_words().values())


def test_placeholders_are_those_that_get_filled() -> None:
    filled = set(re.findall(r"\{(\w+)\}", "".join(map(str, asdict(Texts()).values()))))
    assert filled == {
        *("age", "all", "allowed", "bucket", "caption", "from", "high", "last", "lost", "low"),
        *("message", "n", "name", "seconds", "tag", "text", "time", "to"),
    }


def test_the_window_menu_holds_all_13_in_four_groups_in_order() -> None:
    groups = texts.window_groups()
    assert [group["name"] for group in groups] == ["Minutes", "Hours", "Days", "Months"]
    assert tuple(item["label"] for group in groups for item in group["items"]) == LABELS
    months = {item["label"]: item["title"] for item in groups[3]["items"]}
    assert months["3m"] == "3 months"


def test_captions_name_window_and_bucket() -> None:
    assert texts.window_caption(parse_window("5m")) == "5 minutes, 1 min buckets"
    assert texts.delta_caption(parse_window("7d")) == "vs previous 10 min bucket"


def test_a_detail_says_why_limits_do_not_count() -> None:
    assert "no rule" in texts.detail_note(None)
    assert "switched off" in texts.detail_note(QcRule("D100", enabled=False))
    assert texts.detail_note(QcRule("D100")) == ""


def test_limits_and_features_are_named_as_the_schema_names_them() -> None:
    assert set(texts.LIMITS) <= set(QcRule.__dataclass_fields__)
    assert all(name.endswith("_5m") for name in texts.FEATURES)
