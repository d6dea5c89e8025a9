"""From domain values to the text and whole numbers that pages use."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime

import pytest

from ksys_app.errors import BadParameter, DatabaseUnreachable, KsysError, NoRows, UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.tiles import Drawing, Tile, Violation
from ksys_app.models.views import Problem, TileView
from ksys_app.states.views import names_in, names_text, page_link, problem
from ksys_app.texts.tiles import tile_view

TILE = Tile(
    title="D100",
    about="",
    unit="°C",
    value=190.0,
    value_s="190.0",
    delta_pct=-1.26,
    delta_s="-1.3%",
    change_s="-1.3%",
    change_dir=-1,
    gauge_pct=95.04999,
    ranged=True,
    status_level=1,
    ts=datetime(2025, 8, 15, 7, 26, 7, 303_478, UTC),
    ts_s="2025-08-15 16:26:07",
    range_label="0.0 ~ 200.0",
    count=17_280,
    min=188.0,
    max=192.04,
    first=189.0,
    last=190.0,
    comm="ok",
    allowed_s=60.0,
    violations=(Violation("warn", "H", 190.0, 190.0),),
    places=1,
    far_room=8,
    gauge_warn=(90.0,),
)
DRAWING = Drawing("M0 12h.1", (2.5,), far_above="HH 198 ↑")


def test_a_tile_becomes_text_and_whole_numbers() -> None:
    assert tile_view(TILE, DRAWING, pinned=True) == TileView(
        title="D100",
        unit="°C",
        value_s="190.0",
        value_full="190",
        delta_s="-1.3%",
        delta_dir=-1,
        gauge_pct=95.0,
        ranged=True,
        status_level=1,
        ts_ms=1_755_242_767_303,
        ts_s="2025-08-15 16:26:07",
        range_label="0.0 ~ 200.0",
        count="17280",
        min="188.0",
        max="192.0",
        first="189.0",
        last="190.0",
        comm="ok",
        kind="warn",
        allowed_s=60,
        alarm=["H", "over", "190", "190"],
        alarm_level=1,
        spark="M0 12h.1",
        warn_y=[2.5],
        crit_y=[],
        far_above="HH 198 ↑",
        far_below="",
        far_room=8,
        gauge_warn=[90.0],
        gauge_crit=[],
        pinned=True,
    )


def test_a_tag_never_seen_has_dashes() -> None:
    empty = replace(TILE, value=None, ts=None, min=None, max=None, first=None, last=None)
    view = tile_view(empty)
    assert view.ts_ms == 0
    assert {view.min, view.max, view.first, view.last} == {"–"}
    assert not view.pinned


def test_statistics_have_the_decimals_of_the_tag() -> None:
    assert tile_view(replace(TILE, min=0.12345, places=4)).min == "0.1235"


def test_the_page_shows_the_change_in_the_unit_where_a_percentage_says_nothing() -> None:
    view = tile_view(replace(TILE, change_s="+0.1 °C", change_dir=1))
    assert (view.delta_s, view.delta_dir) == ("+0.1 °C", 1)


def test_nine_tiles_with_full_sparklines_fit_a_tick() -> None:
    spark = "M0 12h.1" + "".join(f"L{i * 2.1:.1f} {i % 24}.5" for i in range(47))
    rows = [asdict(tile_view(TILE, replace(DRAWING, spark=spark))) for _ in range(9)]
    assert len(json.dumps(rows, ensure_ascii=False).encode()) <= 10_000


def test_every_field_of_a_view_is_plain() -> None:
    view = tile_view(TILE)
    values = [getattr(view, field.name) for field in fields(TileView)]
    assert {type(value) for value in values} <= {str, int, float, bool, list}


class TestProblem:
    def test_it_says_code_message_since_when_and_the_runbook(self) -> None:
        shown = problem(DatabaseUnreachable("db.plant does not answer"), 1_755_242_767_000, 4.0)
        assert shown == Problem(
            code="DB_CONN",
            message=Message("errors.plain", {"text": "db.plant does not answer"}),
            since_ms=1_755_242_767_000,
            retry_in=4,
            runbook="docs/runbooks/DB_CONN.md",
        )

    def test_a_link_that_asks_for_what_does_not_exist_has_a_way_out(self) -> None:
        ways = [problem(error("wrong"), 1).way for error in (BadParameter, UnknownTag, NoRows)]
        assert ways == ["open", "choose", ""]

    def test_an_error_that_is_none_of_ours_is_reported_without_its_insides(self) -> None:
        shown = problem(ZeroDivisionError("secret of the inside"), 1)
        assert shown.code == KsysError.code
        assert shown.message == Message("errors.page_failed")
        assert shown.retry_in == 0

    @pytest.mark.parametrize("seconds", [1.0, 2.0, 4.0, 8.0])
    def test_the_next_attempt_is_reported_in_whole_seconds(self, seconds: float) -> None:
        assert repr(problem(DatabaseUnreachable(), 1, seconds).retry_in) == f"{seconds:.0f}"


def test_names_in_a_link_are_encoded_once_and_are_read_as_they_were_written() -> None:
    names = ["D100", "압력 1, 한글", "100 %2C", '"a/b"&c']
    assert names_in(names_text(names)) == names
    # Links of earlier versions encoded every character.
    assert names_in("%EC%95%95%EB%A0%A5%201%2C%20%ED%95%9C%EA%B8%80") == [names[1]]
    link = page_link("/explore", {"tags": names_text(["압력"])})
    assert link == "/explore?tags=%EC%95%95%EB%A0%A5"
