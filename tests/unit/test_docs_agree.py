"""The tables in PRD.md and README.md agree with the code."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pkgutil import resolve_name
from typing import get_args

import pytest

from ksys_app import log, pages
from ksys_app.api import schemas
from ksys_app.domain import quality, upkeep
from ksys_app.domain.windows import DEFAULT_WINDOW, WINDOWS
from ksys_app.errors import KsysError
from ksys_app.models import tiles
from ksys_app.ops import golden, tolerances
from ksys_app.ops.check import days
from ksys_app.ops.serving import frontend
from ksys_app.settings import Settings, variables
from ksys_app.utils.cache import MAX_ENTRIES, TTL
from tests import docs
from tests.visiting import contract_api

# Files that the plant's specification and its backend document name, in the package.
SPEC_FILES = (
    *("db.py", "security.py", "states/dashboard.py", "utils/cache.py", "models/models.py"),
    *(f"queries/{name}.py" for name in ("metrics", "latest", "features", "indicators")),
    *(f"queries/{name}.py" for name in ("tags", "qc", "realtime")),
    *(f"components/{name}.py" for name in ("kpi_tiles", "gauge", "svg_gauge", "layout", "modal")),
    *(f"components/{name}.py" for name in ("table_components", "popover", "navbar", "sidebar")),
    *("components/recharts_components.py", "scripts/quick_test.sh", "tests/sheets/kpi_24h.md"),
)
B7 = {"DB_TIMEOUT", "DB_CONN", "NO_ROWS", "SCHEMA_DRIFT", "PAYLOAD_BLOAT", "WS_FAIL"}


def test_windows_and_their_buckets() -> None:
    rows = docs.table(docs.section("5.1"))
    assert [(codes(row[0]), row[2], codes(row[3])) for row in rows] == [
        (window.label, window.bucket, window.view) for window in WINDOWS
    ]
    assert [codes(row[0]) for row in rows if "default" in row[1]] == [DEFAULT_WINDOW]


def codes(cell: str) -> str:
    """The only text in code type of a cell."""
    (only,) = docs.codes(cell)
    return only


def test_comm_states_and_alarm_reasons() -> None:
    text = docs.section("5.3")
    comm, alarm = re.split(r"\| reason \|", text)
    assert [codes(row[0]) for row in docs.table(comm)] == list(get_args(quality.Comm))
    rows = docs.table("| reason |" + alarm)
    documented = {reason: row[1] for row in rows for reason in docs.codes(row[0])}
    assert set(documented) == set(get_args(tiles.Reason))
    assert set(documented.values()) == set(get_args(tiles.Level))


def test_the_tile_contract() -> None:
    fields = [name for row in docs.table(docs.section("5.4")) for name in docs.codes(row[0])]
    assert fields == [*schemas.Kpi.model_fields, "stale", "stale_s"]


def test_error_codes_with_status_exit_code_and_runbook() -> None:
    assert frontend.BuildFailed in set(_errors())
    expected = {
        error.code: (
            str(error.http_status),
            str(error.exit_code),
            "yes" if (docs.RUNBOOKS[0].parent / f"{error.code}.md").exists() else "no",
        )
        for error in _errors()
    }
    # The page detects this error; no answer of the server has this code.
    expected["WS_FAIL"] = ("none", "none", "yes")
    rows = docs.table(docs.section("7.2"))
    assert {codes(row[0]): (row[1], row[2], row[4]) for row in rows} == expected
    assert {code for code, (*_, runbook) in expected.items() if runbook == "yes"} >= B7
    assert {path.stem for path in docs.RUNBOOKS} >= B7


def _errors(root: type[KsysError] = KsysError) -> Iterator[type[KsysError]]:
    yield root
    for error in root.__subclasses__():
        if error.__module__.startswith("ksys_app."):
            yield from _errors(error)


def test_log_events_marked_as_built_are_written_and_no_others() -> None:
    documented = {
        name: row[2] for row in docs.table(docs.section("7.4")) for name in docs.codes(row[0])
    }
    assert set(documented) == set(get_args(log.Event))
    code = "\n".join(text for path, text in docs.texts() if path.parts[0] == "ksys_app")
    written = set(re.findall(r'log\.event\(\s*"(\w+)"', code))
    assert {name for name, state in documented.items() if state == "built"} == written


def test_every_event_that_measures_has_its_duration() -> None:
    text = docs.section("7.4")
    documented = text[text.index("event that measures:") : text.index("| event |")]
    measures = set(docs.codes(documented.partition(", and in ")[0]))
    assert len(measures) > 7
    for path, source in docs.texts():
        if path.parts[0] != "ksys_app" or path.suffix != ".py":
            continue
        for call in ast.walk(ast.parse(source)):
            if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "log.event"):
                continue
            name = ast.literal_eval(call.args[0])
            keywords = {word.arg: word.value for word in call.keywords}
            # Several events share a function that collects their fields; it adds dur_ms.
            timed = "dur_ms" in keywords or (None in keywords and '"dur_ms"' in source)
            assert timed or name not in measures, f"{path}:{call.lineno} {name}"


def test_endpoints() -> None:
    rows = docs.table(docs.section("8.2"))
    built = {codes(row[0]) for row in rows if row[-1] == "built"}
    assert built == set(contract_api().openapi()["paths"])
    assert {row[-1] for row in rows} <= {"built", "planned"}


@pytest.mark.parametrize("row", docs.table(docs.section("20")), ids=lambda row: row[0])
def test_each_command_of_the_table_exists_with_its_options(row: list[str]) -> None:
    words = codes(row[0]).split()[1:]
    options = [name for name in docs.codes(row[1]) if name.startswith("--")]
    assert docs.command([*words, *options]) == ""


def _settings() -> dict[str, str]:
    """Variable to its default, as PRD.md and README.md write it."""
    documented = {}
    for name, variable in variables().items():
        field = Settings.model_fields[name]
        default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        documented[variable] = (
            "none" if field.default_factory or field.default is None else f"`{default}`"
        )
    return documented


def test_every_page_is_in_the_tables_of_pages() -> None:
    fetched = [module.ROUTE for module in (pages.admin, pages.limits, pages.wall)]
    routes = {*pages.MODULES, *fetched, *(route for route, _, _ in pages.alarms.PAGES)}
    for text in (docs.section("2"), docs.README.partition("## Pages")[2]):
        named = {code for row in docs.table(text) for code in docs.codes(" ".join(row[:2]))}
        assert routes - named == set()


def test_settings_in_the_requirements() -> None:
    rows = docs.table(docs.section("9"))
    assert {codes(row[0]): row[1] for row in rows} == _settings()


def test_settings_in_the_readme() -> None:
    _, _, text = docs.README.partition("## Settings")
    assert {codes(row[0]): row[1] for row in docs.table(text)} == _settings()


def test_settings_in_the_example_of_env() -> None:
    text = (docs.ROOT / ".env.example").read_text("utf-8")
    variables_in_file = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert set(variables_in_file) == set(_settings())
    for variable, default in _settings().items():
        assert default == "none" or variables_in_file[variable] == default.strip("`")


def test_every_relation_and_column_is_described() -> None:
    sections = ("4", "32.3", "33.4", "33.7", "33.10")
    data = {code for number in sections for code in docs.codes(docs.section(number))}
    schema = set(docs.codes(docs.section("12.1")))
    built = golden.of_major(17)
    for relation in built.kinds:
        assert relation in data
        assert relation in schema
        for column in built.columns_of(relation):
            assert any(documented.split()[0] == column for documented in data), (
                f"{relation}.{column}"
            )


def test_indexes_and_triggers_are_named() -> None:
    text = docs.section("12.1")
    built = [row["name"] for row in golden.of_major(17).indexes]
    for name in (*built, *tolerances.REDUNDANT_INDEXES, *upkeep.TRIGGERS):
        assert name in text or name.endswith("_pkey")


def test_policies() -> None:
    rows = docs.table(docs.section("12.2"))
    documented = {codes(row[0]): row[1:] for row in rows}
    for name, refresh in upkeep.REFRESH.items():
        spans = [_words(span) for span in (refresh.start, refresh.end, refresh.every)]
        assert documented[name][:4] == [*spans, f"{refresh.batch:,} buckets"]
    for name, after in upkeep.COMPRESSION.items():
        assert documented[name][4] == _words(after)
    assert {name for name, row in documented.items() if row[4]} == set(upkeep.COMPRESSION)
    assert documented["influx_hist"][5] == _words(upkeep.RETENTION)
    assert documented[upkeep.INDICATORS_JOB.removeprefix("refresh_")][:3] == [
        f"{upkeep.INDICATORS_SPAN.total_seconds() / 3600:.0f} hours",
        "now",
        _words(upkeep.INDICATORS_EVERY),
    ]


def test_the_oldest_supported_timescaledb_version() -> None:
    least = ".".join(map(str, tolerances.MIN_TIMESCALEDB))
    for text in (docs.section("12"), docs.section("27.1"), docs.README):
        found = re.findall(r"TimescaleDB (\d\.\d+)\s+or\s+newer", text)
        assert set(found) == {least}


def _words(span: timedelta) -> str:
    number, unit = days(span).split()
    word = {"d": "day", "h": "hour", "min": "minute"}[unit]
    return f"{number} {word}" + ("" if number == "1" else "s")


def test_lifetimes_of_the_cache() -> None:
    text = docs.section("7.1")
    flat = " ".join(text.split())
    documented = {
        name: int(seconds)
        for names, seconds in re.findall(r"((?:`\w+`(?:, | and )?)+) (\d+) s", flat)
        for name in docs.codes(names)
    }
    assert documented == dict(TTL)
    assert f"At most {MAX_ENTRIES} entries" in flat


def test_every_name_of_the_specification_exists_where_the_table_says() -> None:
    rows = docs.table(docs.section("30"))
    assert len(rows) > 20
    for _, here, _ in rows:
        for name in docs.codes(here):
            if name.startswith("ksys_app"):
                assert resolve_name(name) is not None


def test_every_file_of_the_specification_exists_or_has_a_row() -> None:
    moved = {name for there, *_ in docs.table(docs.section("30")) for name in docs.codes(there)}
    missing = {name for name in SPEC_FILES if not (docs.ROOT / "ksys_app" / name).exists()}
    assert missing == {"models/models.py", "components/recharts_components.py"}
    assert missing <= moved


def test_every_library_is_in_its_table() -> None:
    text = docs.section("19").lower()
    project = tomllib.loads((docs.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split(r"[\[>=<]", line)[0] for line in project["dependencies"]}
    pages = json.loads((docs.ROOT / "reflex.lock" / "package.json").read_text("utf-8"))
    fonts = {
        name.rpartition("/")[2].replace("-", " ")
        for name in pages["dependencies"]
        if name.startswith("@fontsource")
    }
    assert fonts
    assert {
        name for name in needed | fonts | {"echarts", "radix", "downshift"} if name not in text
    } == set()
