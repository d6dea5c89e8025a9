"""The golden files of the schema, and the constants by which the app checks a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ksys_app import resources
from ksys_app.domain import upkeep
from ksys_app.ops import definitions, golden
from ksys_app.ops.check import days
from ksys_app.ops.golden import Golden
from ksys_app.ops.schema import schema
from ksys_app.queries import health

MAJORS = sorted(int(file.stem) for file in resources.GOLDEN.glob("*.json"))


@pytest.fixture(params=MAJORS)
def golden_file(request: pytest.FixtureRequest) -> Golden:
    return golden.of_major(request.param)


def test_the_files_of_all_versions_say_the_same(golden_file: Golden) -> None:
    """This finds a file that was forgotten, because its version of the server was not available."""
    newest = golden.of_major(MAJORS[-1])
    assert replace(golden_file, major=newest.major) == newest, (
        f"{golden_file.major}.json and {newest.major}.json differ: run make golden on both versions"
    )


def test_the_jobs_that_the_app_judges_by_are_those_of_the_schema(golden_file: Golden) -> None:
    assert golden_file.jobs == sorted(_jobs(), key=lambda row: row["name"])


def _jobs() -> Iterator[dict[str, Any]]:
    for name, values in upkeep.EXPECTED.items():
        columns = {
            key: days(value) if isinstance(value, timedelta) else value
            for key, value in values.items()
        }
        yield {"name": name} | columns


def test_the_hypertables_and_aggregates_of_the_app_are_those_of_the_schema(
    golden_file: Golden,
) -> None:
    hyper = {row["name"] for row in golden_file.hypertables if not row["is_aggregate"]}
    assert hyper == set(upkeep.HYPERTABLES)
    aggregates = {name for name, kind in golden_file.kinds.items() if kind == "aggregate"}
    assert aggregates == set(upkeep.REFRESH) == set(upkeep.WIDTHS)
    compressed = {row["name"] for row in golden_file.hypertables if row["segment_by"]}
    assert compressed == set(upkeep.COMPRESSION)


def test_the_triggers_and_relations_that_readiness_asks_for_are_in_the_schema(
    golden_file: Golden,
) -> None:
    steps_of_samples = {
        row["name"] for row in golden_file.triggers if row["relation"] == "influx_hist"
    }
    assert steps_of_samples == set(upkeep.TRIGGERS)
    assert set(health.READ) <= set(golden_file.kinds)


def test_the_roles_that_init_tells_of_are_those_of_the_schema(golden_file: Golden) -> None:
    assert [row["name"] for row in golden_file.roles] == list(schema.ROLES)


def test_the_indicators_are_refreshed_over_the_span_that_their_table_holds() -> None:
    text = (resources.DB / "100_indicators.sql").read_text("utf-8")
    hours = upkeep.INDICATORS_SPAN // timedelta(hours=1)
    assert f"date_trunc('minute', now()) - interval '{hours} hours'" in text


def test_a_definition_that_also_does_differs_from_that_of_the_schema(golden_file: Golden) -> None:
    """A tolerance that no longer fits its text would allow the text only."""
    allowed = definitions.allowed(golden_file, "Asia/Kathmandu")
    several = {name: texts for name, texts in allowed.items() if len(texts) > 1}
    assert set(several) == {"influx_agg_1d", "features_5m"}
    assert all(len(set(texts)) == len(texts) for texts in several.values())
    assert all("'Asia/Kathmandu'::text" in text for text in allowed["influx_agg_1d"])
    assert all(definitions.ZONE not in text for texts in allowed.values() for text in texts)
    spec = definitions.as_in_the_spec(golden_file)
    same = {name for name, text in spec.items() if text in allowed[name]}
    assert same == {"influx_agg_1m"}


@pytest.mark.parametrize(
    ("version", "available", "takes"),
    [(16, [15, 16, 17], 16), (16, [15, 17], 17), (14, [15, 17], 15), (18, [15, 17], 17)],
)
def test_the_golden_file_of_the_nearest_version_is_used(
    version: int, available: list[int], takes: int
) -> None:
    assert golden.nearest(version, available) == takes
