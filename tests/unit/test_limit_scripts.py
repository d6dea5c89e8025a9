"""The fields of limits and the request that saves them (PRD §32.9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.node import run

VALUES = "limits/values.js"
SORTING = "limits/sorting.js"
LIMITS = {
    **dict.fromkeys(
        ("min_val", "crit_min", "warn_min", "crit_max", "max_step", "roc_max_per_min"), None
    ),
    **{"warn_max": 80, "max_val": 100, "deadband_pct": 2, "max_gap_seconds": 60},
    **{"spike_zscore": None, "enabled": True, "allow_negative": None, "tag_name": "T"},
    "settings": [{"condition": "HIGH", "priority": 2, "on_delay_s": 5, "group_name": "boiler"}],
}
EDITED = """(() => {
  const draft = m.draftOf(given[0]);
  Object.assign(draft, given[1]);
  for (const [name, set] of Object.entries(given[2])) Object.assign(draft.settings[name], set);
  return m.changesOf(draft, given[0]);
})()"""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        (" 80 ", 80),
        ("-0,5", -0.5),
        ("1e3", 1000),
        (".5", 0.5),
        ("1,234.5", "NaN"),
        ("8O", "NaN"),
        ("Infinity", "NaN"),
    ],
)
def test_a_number_is_read_as_people_type_it(text: str, number: float | str | None) -> None:
    found = run(VALUES, "(n => Number.isNaN(n) ? 'NaN' : n)(m.numberOf(given[0]))", text)
    assert found == number


@pytest.mark.parametrize(
    ("typed", "settings", "sent"),
    [
        ({}, {}, {}),
        ({"warn_max": "80.0"}, {}, {}),
        ({"warn_max": "85", "max_gap_seconds": ""}, {}, {"warn_max": 85, "max_gap_seconds": None}),
        (
            {"enabled": False, "allow_negative": False},
            {},
            {"enabled": False, "allow_negative": False},
        ),
        (
            {},
            {"HIGH": {"priority": "1", "message": " hot "}},
            {
                "settings": [
                    {
                        **{
                            "condition": "HIGH",
                            "priority": 1,
                            "on_delay_s": 5,
                            "off_delay_s": None,
                        },
                        **{"group_name": "boiler", "message": "hot"},
                        **{"cause": "", "consequence": "", "response": ""},
                    }
                ]
            },
        ),
    ],
)
def test_only_what_was_changed_is_sent(
    typed: dict[str, Any], settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert run(VALUES, EDITED, LIMITS, typed, settings) == sent


def test_what_is_no_number_is_named() -> None:
    found = run(
        VALUES,
        "(d => { d.warn_max = 'hot'; d.settings.LOW.on_delay_s = '-'; return m.unreadable(d); })"
        "(m.draftOf(given[0]))",
        LIMITS,
    )
    assert found == ["warn_max", "LOW.on_delay_s"]


def test_my_changes_go_on_top_of_newer_limits() -> None:
    newer = LIMITS | {"warn_max": 70, "max_val": 120, "settings": []}
    draft = run(
        VALUES,
        "(d => { d.warn_max = '90'; d.settings.LOW.priority = '1';"
        " return m.rebased(d, given[0], given[1]); })(m.draftOf(given[0]))",
        LIMITS,
        newer,
    )
    assert (draft["warn_max"], draft["max_val"]) == ("90", "120")
    assert (draft["settings"]["LOW"]["priority"], draft["settings"]["HIGH"]["priority"]) == (
        "1",
        "",
    )


def test_only_conditions_that_the_limits_have_get_settings() -> None:
    assert run(VALUES, "m.conditionsOf(m.draftOf(given[0]))", LIMITS) == ["HIGH", "INSTR", "GAP"]


def test_a_calculated_tag_has_no_spike_limit_and_no_settings_of_its_alarm() -> None:
    both = "[false, true].map((calculated) => m.othersOf(calculated).includes('spike_zscore'))"
    assert run(VALUES, both) == [True, False]
    both = "[false, true].map((calculated) => m.conditionsOf(m.draftOf(given[0]), calculated))"
    assert run(VALUES, both, LIMITS | {"spike_zscore": 4}) == [
        ["HIGH", "INSTR", "GAP", "SPIKE"],
        ["HIGH", "INSTR", "GAP"],
    ]


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ({"via": "off", "role": "admin"}, True),
        ({"via": "local", "role": "engineer"}, True),
        ({"via": "token", "role": "operator"}, False),
        ({"via": "local", "role": "viewer"}, False),
    ],
)
def test_who_may_edit(who: dict[str, str], may: bool) -> None:
    assert run(VALUES, "m.mayEdit(given[0])", who) is may


def test_the_fields_that_somebody_changed_are_named() -> None:
    expression = """(() => {
      const draft = m.draftOf(given[0]);
      Object.assign(draft, given[1]);
      for (const [name, set] of Object.entries(given[2])) Object.assign(draft.settings[name], set);
      return m.touched(draft, given[0]);
    })()"""
    same = [{"warn_max": "80.0", "max_val": " 100 "}, {"HIGH": {"message": " ", "priority": "2"}}]
    assert run(VALUES, expression, LIMITS, *same) == []
    other = [{"warn_max": "8O", "enabled": False}, {"HIGH": {"priority": "1", "cause": "pump"}}]
    assert run(VALUES, expression, LIMITS, *other) == [
        *("warn_max", "enabled", "HIGH.priority", "HIGH.cause"),
    ]


def test_the_values_of_a_file_are_put_into_the_fields() -> None:
    cells = [
        {"column": "warn_max", "file": 70},
        {"column": "max_val", "file": None},
        {"column": "enabled", "file": None},
        {"column": "meta", "file": {"unit": "K"}},
    ]
    expression = "m.changesOf(m.withFile(m.draftOf(given[0]), given[1]), given[0])"
    assert run(VALUES, expression, LIMITS, cells) == {
        **{"warn_max": 70, "max_val": None, "enabled": False}
    }


def test_lines_are_sorted_by_any_column() -> None:
    lines: list[dict[str, Any]] = [
        {
            "tag_name": "A",
            "actor": {"place": 2},
            "warn_max": None,
            "file": {"since": "2026-01-02T00:00:00+09:00"},
        },
        {
            "tag_name": "C",
            "actor": None,
            "warn_max": 9,
            "file": {"since": "2026-01-01T20:00:00+00:00"},
        },
        {"tag_name": "B", "actor": {"place": 1}, "warn_max": 10, "file": None},
    ]
    orders = [
        ({"by": by, "down": down}, names)
        for by, down, names in (
            ("tag_name", True, "CBA"),
            ("warn_max", False, "CBA"),
            ("warn_max", True, "BCA"),
            ("actor", False, "BAC"),
            ("file", False, "ACB"),
            ("file", True, "CAB"),
        )
    ]
    expression = "given[1].map((by) => m.sorted(given[0], by).map((one) => one.tag_name).join(''))"
    assert run(SORTING, expression, lines, [by for by, _ in orders]) == [n for _, n in orders]


def test_the_chart_of_a_calculated_tag_is_a_line_because_its_buckets_have_only_a_mean() -> None:
    columns = {
        "bucket": [0, 1, 2, 3],
        "avg": [4.0, None, 6.0, 8.0],
        "min": [None] * 4,
        "max": [None] * 4,
    }
    paths = run("limits/limitpaths.js", "m.chartPaths(given[0], [10])", columns)
    assert (paths["low"], paths["high"]) == (4, 10)
    assert paths["line"] == "M0.0 154.0L400.0 104.7L600.0 55.3"
    assert paths["band"].startswith(paths["line"])
    lowest, highest = [3.0, None, 5.0, 8.0], [5.0, None, 7.0, 9.0]
    banded = columns | {"min": lowest, "max": highest}
    paths = run("limits/limitpaths.js", "m.chartPaths(given[0], [])", banded)
    assert (paths["low"], paths["high"]) == (3, 9)
    empty = columns | {"avg": [None] * 4}
    assert run("limits/limitpaths.js", "m.chartPaths(given[0], [])", empty) is None
