"""A gauge: the place of a value in its range, coloured by its state."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.svg_gauge import svg_gauge
from ksys_app.components.tokens import GAUGE, LEVELS
from ksys_app.components.words import T
from ksys_app.texts import DASH


def gauge(
    pct: rx.Var[float],
    level: rx.Var[int],
    has_place: rx.Var[bool],
    warn: rx.Var[list[float]],
    crit: rx.Var[list[float]],
) -> rx.Component:
    """An arc with the percentage inside, and ticks for the limits outside.

    Args:
        pct: the place of the value, 0 to 100.
        level: 0 normal, 1 warning, 2 critical.
        has_place: whether the tag has both a value and a range; else the arc is empty.
        warn: the places of the warning limits, percent.
        crit: the places of the critical limits, percent; their ticks are longer.
    """
    stroke = rx.match(level, *((i, GAUGE[name]) for i, name in enumerate(LEVELS)), GAUGE["ok"])
    return rx.el.div(
        svg_gauge(rx.cond(has_place, pct, 0), stroke, warn, crit),
        rx.el.span(
            rx.cond(has_place, f"{round(pct)}%", DASH),
            rx.el.span(rx.cond(has_place, T.gauge, T.gauge_none), class_name="sr-only"),
            class_name="gauge-text",
        ),
        title=rx.cond(has_place, "", T.gauge_none),
        class_name="gauge",
        data_testid="tile-gauge",
        data_level=level,
        data_pct=rx.cond(has_place, f"{pct}", ""),
    )
