"""The texts of the pages: both languages have each text, and pages use no other texts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from ksys_app import resources
from ksys_app.components.words import T
from ksys_app.domain.ingest import Unusable
from ksys_app.domain.rules import usable_rule
from ksys_app.domain.windows import LABELS, parse_window
from ksys_app.models.access import Action
from ksys_app.models.message import Message
from ksys_app.models.rows import Fault, QcRule
from ksys_app.models.tiles import Violation
from ksys_app.models.visitor import Via
from ksys_app.states import captions
from ksys_app.states.comm_views import STATE_CODE
from ksys_app.texts import ENGLISH, LANGUAGES, say
from ksys_app.texts.alarm import alarm, alarm_parts
from ksys_app.texts.windows import window_menu
from tests import node
from tests.unit.test_rules import ROWS, SOUND

KOREAN = LANGUAGES["ko"]
PACKAGE = Path(__file__).resolve().parents[2] / "ksys_app"
SCRIPT_FILES = sorted((PACKAGE / "components" / "client").rglob("*.js*"))
SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in SCRIPT_FILES)
PYTHON = "".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))
TEXTS = [(section, name) for section, texts in ENGLISH.items() for name in texts]
# Texts whose name a script completes: t[`bar_${state}`].
COMPLETED = {
    "live": ("bar_", "says_", "comm_", "count_", "normal_", "state_", "tags_"),
    "pages": ("group_", "bucket_"),
    "comm": ("state_",),
    "ranges": ("quick_",),
    "explore": (
        *("bucket_", "compare_", "layout_", "leg_", "tool_"),
        *("lane_k_", "lane_n_", "lane_one_", "lane_open_"),
        *("cmp_", "stat_"),
        *("calc_needs_", "calc_wrong_"),
        *("note_cat_", "note_no_", "note_wrong_"),
        *("rel_kind_", "rel_says_"),
        *("file_figures_", "file_kind_", "file_layout_", "file_span_", "file_table_"),
    ),
    "edit": (*("cond_", "field_", "figure_", "col_", "source_", "conflict_", "do_", "group_"),),
    "access": ("role_", "may_", "col_", "did_", "detail_", "via_"),
    "alarms": (
        *("ask_", "by_", "col_", "do_", "done_", "event_", "figure_", "for_", "guide_"),
        *("head_", "list_", "means_", "verdict_"),
        *("needed_", "no_", "prio_", "reason_", "result_", "say_", "span_", "state_"),
        *("tab_", "told_", "what_", "why_"),
    ),
}


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return set(re.findall(r"\{(\w+)\}", text))


def same(one: str, other: str) -> bool:
    """Whether two texts have the same placeholders."""
    return placeholders(one) == placeholders(other)


def test_both_languages_have_the_same_texts_in_the_same_order() -> None:
    assert [(section, name) for section, texts in KOREAN.items() for name in texts] == TEXTS


@pytest.mark.parametrize("section", ENGLISH)
def test_a_text_has_equal_placeholders_in_both_languages(section: str) -> None:
    pairs = {name: (text, KOREAN[section][name]) for name, text in ENGLISH[section].items()}
    assert {
        name: pair
        for name, pair in pairs.items()
        if len({*map(frozenset, map(placeholders, pair))}) > 1
    } == {}
    assert [name for name, pair in pairs.items() if not all(pair)] == []


def test_no_particle_is_glued_to_what_is_filled_in() -> None:
    """The form of a particle depends on the word before it, which is unknown here."""
    glued = re.compile(r"\}(은|는|이|가|을|를|과|와|으로|로)(?=[\s,.:]|$)")
    texts = {(section, name): KOREAN[section][name] for section, name in TEXTS}
    assert {name: text for name, text in texts.items() if glued.search(text)} == {}


def test_every_korean_request_has_the_same_ending() -> None:
    """It is 하십시오, not 하세요 or 해요."""
    other = re.compile(r"세요|(?<!십)시오|[해어아여]요(?=[\s.,:;)]|$)")
    texts = {(section, name): KOREAN[section][name] for section, name in TEXTS}
    assert {name: text for name, text in texts.items() if other.search(text)} == {}
    requests = [text for text in texts.values() if "십시오" in text]
    assert len(requests) > 100


def test_no_korean_error_begins_with_the_name_of_a_parameter() -> None:
    """A page would show the name with a capital letter."""
    assert [text for text in KOREAN["errors"].values() if re.match("[a-z]", text)] == []


def test_no_korean_is_in_english_but_the_name_of_the_language() -> None:
    hangul = {f"{s}.{name}" for s, name in TEXTS if re.search("[가-힣]", ENGLISH[s][name])}
    assert hangul == {"pages.language"}


def test_each_used_text_is_in_the_catalogue_and_each_text_is_used() -> None:
    sections = {"T": "pages", "L": "live", "C": "comm", "A": "alarm", "AL": "alarms"}
    sections |= {"ED": "edit", "ACCESS": "access", "RG": "ranges"}
    used = {
        (sections[short], name)
        for short, name in re.findall(
            r"\b([TLCA]|AL|ED|RG|ACCESS)\.(?!at\b|each\b|create\b)([a-z]\w*)", PYTHON
        )
    }
    # `t` is the section live, or pages in the few scripts that say so; `w` is the section comm.
    used |= {(s, name) for s in ("live", "pages") for name in re.findall(r"\bt\.(\w+)", SCRIPTS)}
    used |= {("comm", name) for name in re.findall(r"\bw\.(\w+)", SCRIPTS)}
    # `ed` is the section edit.
    used |= {("edit", name) for name in re.findall(r"\bed\.(\w+)", SCRIPTS)}
    # `a` is the section access; in the page of the login it is `words`.
    used |= {("access", name) for name in re.findall(r"\ba\.(\w+)", SCRIPTS)}
    used |= {("access", name) for name in re.findall(r'\bwords\["(\w+)"\]', PYTHON)}
    # `rg` is the section ranges.
    used |= {("ranges", name) for name in re.findall(r"\brg\.(\w+)", SCRIPTS)}
    # `x` is the section explore.
    used |= {("explore", name) for name in re.findall(r"\bx\.(\w+)", SCRIPTS)}
    # `al` is the section alarms.
    used |= {("alarms", name) for name in re.findall(r"\bal\.(\w+)", SCRIPTS)}
    used |= {tuple(key.split(".")) for key in re.findall(r'"([a-z]+\.\w+)"', PYTHON + SCRIPTS)}
    existing = set(TEXTS)
    assert {
        one
        for one in used
        if one[0] in ("comm", "alarm", "alarms", "faults") and one not in existing
    } == set()
    completed = {
        (section, name)
        for section, name in existing
        if name.startswith(COMPLETED.get(section, ("\0",)))
    }
    whole_sections = {"windows", "limits", "features", "errors", "forms", "alarm"}
    unused = existing - used - completed
    assert {one for one in unused if one[0] not in whole_sections} == set()


def test_what_a_script_asks_for_is_in_its_section() -> None:
    """``t`` is the section live, but where a script takes it from the section pages."""
    missing = {}
    for script in SCRIPT_FILES:
        text = script.read_text("utf-8")
        section = "pages" if re.search(r"\bpages: t\b", text) else "live"
        missing[script.name] = set(re.findall(r"\bt\.(\w+)", text)) - {*ENGLISH[section]}
    assert {name: names for name, names in missing.items() if names} == {}


def test_a_component_that_asks_for_an_unknown_text_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"pages\.refersh is not in the catalogue"):
        _ = T.refersh


def test_each_error_that_is_raised_has_its_sentence() -> None:
    raised = set(re.findall(r'"errors\.(\w+)"', PYTHON + SCRIPTS))
    sentences = set(re.findall(r'\(\w+, "(\w+)"\)|return \w+, "(\w+)"', PYTHON))
    raised |= {name for pair in sentences for name in pair if name in ENGLISH["errors"]}
    codes = {f"code_{code}" for code in re.findall(r'code = "([A-Z_]+)"', PYTHON)}
    of_commands = {"code_BUILD", "code_BACKUP", "code_INTERRUPTED"}
    codes = (codes | {"code_INTERNAL"}) - of_commands
    assert raised | codes == set(ENGLISH["errors"])


@pytest.mark.parametrize("prefix", ["bar_", "says_"])
def test_every_state_of_the_page_has_its_words(prefix: str) -> None:
    states = {
        *("live", "loading", "empty", "paused", "past", "stale", "overdue", "disconnected"),
        *("error", "retrying"),
    }
    start = SCRIPTS.index("function linkOf")
    body = SCRIPTS[start : SCRIPTS.index("\n}", start)]
    assert set(re.findall(r'"(\w+)"', body)) - {"idle"} == states
    assert {f"{prefix}{state}" for state in states} <= set(ENGLISH["live"])


@pytest.mark.parametrize("prefix", ["comm_", "comm_why_"])
def test_every_comm_state_has_its_words(prefix: str) -> None:
    states = {f"{prefix}{state}" for state in ("ok", "late", "lost", "never")}
    assert states <= set(ENGLISH["live"])


def test_every_state_of_an_hour_has_its_words() -> None:
    assert {f"state_{one}" for one in STATE_CODE} <= set(ENGLISH["comm"])


def test_the_window_menu_holds_all_13_in_four_groups_in_order() -> None:
    groups = window_menu()
    names = [ENGLISH["pages"][f"group_{group['name']}"] for group in groups]
    assert names == ["Minutes", "Hours", "Days", "Months"]
    assert tuple(item["label"] for group in groups for item in group["items"]) == LABELS
    assert ENGLISH["windows"]["3m"] == "3 months"
    assert KOREAN["windows"]["3m"] == "3개월"


@pytest.mark.parametrize(
    ("message", "english", "korean"),
    [
        (
            captions.window_caption(parse_window("5m")),
            "5 minutes, one point per minute",
            "최근 5분, 1분 간격",
        ),
        (
            captions.delta_caption(parse_window("7d")),
            "vs the 10 minutes before",
            "직전 10분 대비",
        ),
        (Message(), "", ""),
        (Message("pages.rows", {"n": 1}), "1 row", "1행"),
        (Message("pages.rows", {"n": "1\u202f000"}), "1\u202f000 rows", "1\u202f000행"),
        (
            captions.scale_sentence("190.0", "°C", "0", "200", ["L 20"]),
            "190.0 °C among the limits Range low 0, L 20, Range high 200",
            "값 190.0 °C, 한계: 범위 하한 0, L 20, 범위 상한 200",
        ),
    ],
)
def test_a_message_is_put_into_either_language_by_server_and_browser_alike(
    message: Message, english: str, korean: str
) -> None:
    assert (say(message), say(message, KOREAN)) == (english, korean)
    sent = _plain(message)
    catalogues = [{name: dict(texts) for name, texts in one.items()} for one in LANGUAGES.values()]
    shown = node.run("lib/words.js", "given[1].map((c) => m.say(c, given[0]))", sent, catalogues)
    assert shown == [english, korean]


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return {"key": value.key, "values": {k: _plain(v) for k, v in value.values.items()}}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def test_a_detail_says_why_limits_do_not_count() -> None:
    assert "no rule" in say(captions.detail_note(None))
    assert "switched off" in say(captions.detail_note(QcRule("D100", enabled=False)))
    assert captions.detail_note(QcRule("D100")) == Message()
    faults = (
        Fault("max_val", Message("faults.not_finite", {"value": "nan"})),
        Fault("meta", Message("faults.meta_kind", {"kind": Message("faults.kind_list")})),
    )
    note = captions.detail_note(QcRule("D100", faults=faults))
    assert say(note).endswith(
        "not judged: max_val: nan is not a finite number, meta: is a list, not a JSON object"
    )
    assert say(note, KOREAN).endswith(
        "판정하지 않습니다: max_val: 유한한 숫자가 아님(nan), meta: JSON 객체가 아님(목록)"
    )


@pytest.mark.parametrize("stored", [stored for stored, _, _ in ROWS], ids=str)
def test_a_fault_of_a_stored_rule_is_a_complete_sentence_in_both_languages(
    stored: dict[str, Any],
) -> None:
    for fault in usable_rule(replace(SOUND, **stored)).faults:
        english, korean = say(fault.sentence), say(fault.sentence, KOREAN)
        assert english.startswith(f"{fault.column}: ")
        assert korean.startswith(f"{fault.column}: ")
        assert re.search("[가-힣]", korean)
        assert not placeholders(english + korean)


@pytest.mark.parametrize("reason", ["NO_VALUE", *Unusable])
def test_why_a_sample_is_refused_has_words_on_pages_and_its_name_in_http(reason: str) -> None:
    for value in (2e200, None):
        found = [Violation("crit", "BAD", value, note=reason, count=3)]
        parts = alarm_parts(found)
        for words in LANGUAGES.values():
            figures = Message(f"alarm.{parts.how}", {"value": parts.value, "limit": parts.limit})
            assert reason not in say(figures, words)
            assert "3" in say(figures, words)
        assert f"BAD {reason}" in alarm(found)


def test_a_reason_that_nobody_knows_is_shown_as_it_is_stored() -> None:
    parts = alarm_parts([Violation("warn", "BAD", 7.5, note="SENSOR_OFF", count=2)])
    assert (parts.how, parts.value, parts.limit) == ("refused", "SENSOR_OFF 7.5", "2")


OTHER_WORDS = re.compile(
    r"alive|silent|\blost\b|\bseen\b|success|stale|\bloading|not current|\bbuckets?\b|whole window"
    r"|what to do|\bover$|\brange (from|to)|no alarm|mean\b",
    re.IGNORECASE,
)


def test_one_word_for_one_thing() -> None:
    shown = ("live", "pages", "windows", "comm", "limits", "features", "alarm")
    spoken = {name: text for section in shown for name, text in ENGLISH[section].items()}
    plain = {name: re.sub(r"\{\w+\}", "", text) for name, text in spoken.items()}
    assert {name: text for name, text in plain.items() if OTHER_WORDS.search(text)} == {}
    for words in (ENGLISH, KOREAN):
        ends = (words["limits"]["min_val"], words["limits"]["max_val"])
        assert ends == (words["live"]["limit_from"], words["live"]["limit_to"])
        of_features = (words["features"]["n_5m"], words["features"]["mean_5m"])
        assert of_features == (words["pages"]["stat_count"], words["pages"]["avg"])


def test_a_count_of_one_has_a_form_of_its_own() -> None:
    counts = [1, "1", 0, 2, "1\u202f000", "–"]
    expression = "given[1].map((n) => m.counted(given[0], n, { day: 'May' }))"
    shown = node.run("lib/words.js", expression, "{day}: {n} row|{day}: {n} rows", counts)
    assert shown == ["May: 1 row"] * 2 + [f"May: {n} rows" for n in counts[2:]]
    assert node.run("lib/words.js", "m.counted('{n} of 9', 1)") == "1 of 9"


def test_limits_and_features_are_named_as_the_schema_names_them() -> None:
    assert set(ENGLISH["limits"]) <= {*QcRule.__dataclass_fields__, "stuck_s"}, "of meta"
    assert all(name.endswith("_5m") for name in ENGLISH["features"])


def test_everything_that_the_audit_records_has_its_words() -> None:
    words = {name.removeprefix("did_") for name in ENGLISH["access"] if name.startswith("did_")}
    assert words == set(get_args(Action))
    via = {name.removeprefix("via_") for name in ENGLISH["access"] if name.startswith("via_")}
    assert via == {*get_args(Via), "command"}


def test_the_database_records_nothing_that_has_no_words() -> None:
    written = [
        part
        for file in resources.DB.glob("*.sql")
        for part in re.findall(r"INSERT INTO ksys\.audit[^;]*", file.read_text("utf-8"))
    ]
    found = {
        name
        for part in written
        for name in re.findall(r"'([a-z_]+)'", re.sub(r"'(local|command)'", "", part))[:1]
    }
    assert len(written) > 8
    actions = get_args(Action)
    # A name that ends with "_" is completed by the statement.
    assert [name for name in found if not any(one.startswith(name) for one in actions)] == []
    details = {
        name
        for part in written
        for built in re.findall(r"jsonb_build_object\(([^;]*?)\)[, ;]", part)
        for name in re.findall(r"'([a-z_]+)', ", built)
    }
    assert {f"detail_{name}" for name in details} <= set(ENGLISH["access"])
