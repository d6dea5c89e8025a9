"""A gauge: where a value stands in its range, coloured by its state."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.svg_gauge import svg_gauge
from ksys_app.components.tokens import GAUGE, LEVELS
from ksys_app.texts import DASH, T


def gauge(pct: rx.Var[float], level: rx.Var[int], has_value: rx.Var[bool]) -> rx.Component:
    """The arc with its percentage inside.

    Args:
        pct: 0 to 100.
        level: 0 normal, 1 warning, 2 critical.
        has_value: whether there is a value; without one the arc stays empty.
    """
    stroke = rx.match(level, *((i, GAUGE[name]) for i, name in enumerate(LEVELS)), GAUGE["ok"])
    return rx.el.div(
        svg_gauge(rx.cond(has_value, pct, 0), stroke),
        rx.el.span(
            rx.cond(has_value, f"{round(pct)}%", DASH),
            rx.el.span(T.gauge, class_name="sr-only"),
            class_name="gauge-text",
        ),
        class_name="gauge",
        data_testid="tile-gauge",
        data_level=level,
        data_pct=pct,
    )
