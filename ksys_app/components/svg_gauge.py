"""The arc of a gauge as SVG: three quarters of a circle, open at the bottom."""

from __future__ import annotations

from typing import Final

import reflex as rx

ARC: Final = "M 11.5 40.5 A 20 20 0 1 1 40.5 40.5"
# Ticks at the left end of the horizontal diameter. The arc begins 45 degrees below it and has 270.
WARN_TICK: Final = "M3.2 26H.6"
CRIT_TICK: Final = "M3.2 26H-1.6"


def svg_gauge(
    pct: rx.Var[float],
    stroke: rx.Var[str],
    warn: rx.Var[list[float]],
    crit: rx.Var[list[float]],
) -> rx.Component:
    """An arc that is filled up to ``pct`` percent, with a tick at each limit.

    Args:
        pct: the filled part, 0 to 100.
        stroke: the CSS class with the colour of the filled part.
        warn: the places of short ticks, percent.
        crit: the places of long ticks, percent.
    """
    return rx.el.svg(
        rx.el.path(d=ARC, path_length=100, class_name="gauge-track"),
        rx.el.path(
            d=ARC,
            path_length=100,
            class_name=f"gauge-arc {stroke}",
            custom_attrs={"strokeDasharray": f"{pct} 100"},
        ),
        rx.foreach(warn, lambda at: _tick(at, WARN_TICK, "gauge-warn")),
        rx.foreach(crit, lambda at: _tick(at, CRIT_TICK, "gauge-crit")),
        view_box="0 0 52 48",
        aria_hidden="true",
        class_name="gauge-svg",
    )


def _tick(at: rx.Var[float], path: str, kind: str) -> rx.Component:
    turn = f"rotate({at * 2.7 - 45} 26 26)"
    return rx.el.path(d=path, class_name=kind, custom_attrs={"transform": turn})
