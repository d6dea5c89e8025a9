"""The chart of a tag's series, and how its series look: one colour, dash and symbol each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import reflex as rx
from reflex.style import resolved_color_mode

from ksys_app.components.client.chart import Chart
from ksys_app.components.words import T, said

Dash = Literal["solid", "dashed", "dotted"]
Symbol = Literal["circle", "emptyCircle", "rect", "triangle", "diamond"]


@dataclass(frozen=True, slots=True)
class Series:
    """A column that is drawn.

    Attributes:
        key: the column.
        name: what people call it, a var of words.
        color: one of the eight series colours.
        dash: of its line.
        symbol: of its points.
        width: of its line, px.
        panel: 0 for the chart, 1 for the one below it.
        main: whether it stays strong where lines are dense.
    """

    key: str
    name: rx.Var[str]
    color: int
    dash: Dash
    symbol: Symbol
    width: float = 1.5
    panel: int = 0
    main: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """The ground between two columns, drawn where both are."""

    low: str
    high: str
    color: int


TREND: Final = (
    Series("avg", T.avg, 1, "solid", "circle", 2, main=True),
    Series("min", T.min, 8, "dashed", "triangle"),
    Series("max", T.max, 2, "dashed", "diamond"),
    Series("last", T.last, 3, "dotted", "rect"),
    Series("first", T.first, 7, "dotted", "emptyCircle"),
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
    """The chart of the page whose state holds tag, window, series shown and zoom."""
    return Chart.create(
        url=state.url,
        version=state.revision,
        theme=resolved_color_mode,
        series=[_props(one) for one in series],
        bands=[_props(one) for one in bands],
        shown=state.shown,
        limits=state.limits,
        places=state.places,
        zoom=state.zoom,
        name=state.tag,
        unit=state.unit,
        title=state.title,
        caption=said(state.window_caption),
        in_alarm=series is TREND,
        on_toggle=state.toggle_series,
        on_zoom=state.set_zoom,
        on_widen=state.widen,
        on_find=state.find_row,
    )


def _props(one: Series | Band) -> Mapping[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def overlays(
    series: tuple[Series, ...], shown: rx.Var[list[str]], on_toggle: rx.EventHandler
) -> rx.Component:
    """A checkbox for each series, in step with the legend."""
    return rx.el.fieldset(
        rx.el.legend(T.overlays, class_name="sr-only"),
        *(
            rx.el.label(
                rx.el.input(
                    type="checkbox",
                    checked=shown.contains(one.key),
                    on_change=on_toggle(one.key).stop_propagation,
                    data_testid=f"check-{one.key}",
                ),
                one.name,
                class_name="check",
            )
            for one in series
        ),
        class_name="overlays",
    )
