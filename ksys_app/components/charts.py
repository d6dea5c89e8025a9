"""The chart of a tag, and the style of each of its series: colour, dash and symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import reflex as rx
from reflex.style import resolved_color_mode

from ksys_app.components.client.chart import Chart
from ksys_app.components.words import T, message_text

Dash = Literal["solid", "dashed", "dotted"]
Symbol = Literal["circle", "emptyCircle", "rect", "triangle", "diamond"]


@dataclass(frozen=True, slots=True)
class Series:
    """A column that the chart draws as a line.

    Attributes:
        key: the column.
        name: its name in the reader's language.
        color: the number of one of the eight series colours.
        dash: the dash of the line.
        symbol: the symbol of the points.
        width: the width of the line, px.
        panel: 0 for the upper panel, 1 for the lower one.
        main: whether the line stays strong where buckets are dense.
        sampled: whether only samples of the tag's own give the column, so that a calculated tag
            has no such line.
    """

    key: str
    name: rx.Var[str]
    color: int
    dash: Dash
    symbol: Symbol
    width: float = 1.5
    panel: int = 0
    main: bool = False
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A band between two columns, drawn where both have a value."""

    low: str
    high: str
    color: int


TREND: Final = (
    Series("avg", T.avg, 1, "solid", "circle", 2, main=True),
    Series("min", T.min, 8, "dashed", "triangle", sampled=True),
    Series("max", T.max, 2, "dashed", "diamond", sampled=True),
    Series("last", T.last, 3, "dotted", "rect"),
    Series("first", T.first, 7, "dotted", "emptyCircle", sampled=True),
)
TREND_BANDS: Final = (Band("min", "max", 1),)
TECH: Final = (
    Series("avg", T.avg, 1, "solid", "circle", 2, main=True),
    Series("sma_10", T.sma_10, 3, "solid", "rect"),
    Series("sma_60", T.sma_60, 4, "dashed", "triangle", 2, main=True),
    Series("bb_top", T.bb_top, 2, "dotted", "diamond"),
    Series("bb_bot", T.bb_bot, 5, "dotted", "emptyCircle"),
    Series("slope_60", T.slope_60, 6, "solid", "circle", panel=1, main=True),
)
TECH_BANDS: Final = (Band("bb_bot", "bb_top", 4),)


def series_chart(state: Any, series: tuple[Series, ...], bands: tuple[Band, ...]) -> rx.Component:
    """The chart of a page; ``state`` has its tag, window, shown series and zoom."""
    return Chart.create(
        url=state.url,
        version=state.revision,
        theme=resolved_color_mode,
        series=_lines(state, series),
        bands=[_props(band) for band in bands],
        shown=state.shown,
        limits=state.limits,
        places=state.places,
        zoom=state.zoom,
        name=state.tag,
        unit=state.unit,
        title=state.title,
        caption=message_text(state.window_caption),
        in_alarm=series is TREND,
        on_toggle=state.toggle_series,
        on_zoom=state.set_zoom,
        on_widen=state.widen,
        on_find=state.find_row,
    )


def _lines(state: Any, series: tuple[Series, ...]) -> Any:
    """The series of the chart; of a calculated tag without those that need its own samples."""
    every = [_props(line) for line in series]
    means = [_props(line) for line in series if not line.sampled]
    return every if means == every else rx.cond(state.means_only, means, every)


def _props(style: Series | Band) -> Mapping[str, Any]:
    return {name: getattr(style, name) for name in style.__slots__}


def overlays(
    state: Any, series: tuple[Series, ...], shown: rx.Var[list[str]], on_toggle: rx.EventHandler
) -> rx.Component:
    """A checkbox for each series; checkboxes and legend switch the same series."""
    boxes = [(line, _checkbox(line, shown, on_toggle)) for line in series]
    return rx.el.fieldset(
        rx.el.legend(T.overlays, class_name="sr-only"),
        *(rx.cond(state.means_only, None, box) if line.sampled else box for line, box in boxes),
        class_name="overlays",
    )


def _checkbox(line: Series, shown: rx.Var[list[str]], on_toggle: rx.EventHandler) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=shown.contains(line.key),
            on_change=on_toggle(line.key).stop_propagation,
            data_testid=f"check-{line.key}",
        ),
        line.name,
        class_name="check",
    )
