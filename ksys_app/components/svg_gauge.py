"""The arc of a gauge, as plain SVG: three quarters of a circle, open below."""

from __future__ import annotations

from typing import Final

import reflex as rx

ARC: Final = "M 11.5 40.5 A 20 20 0 1 1 40.5 40.5"


def svg_gauge(pct: rx.Var[float], stroke: rx.Var[str]) -> rx.Component:
    """An arc filled to ``pct`` percent.

    Args:
        pct: 0 to 100.
        stroke: class of the colour of the filled part.
    """
    return rx.el.svg(
        rx.el.path(d=ARC, path_length=100, class_name="gauge-track"),
        rx.el.path(
            d=ARC,
            path_length=100,
            class_name=f"gauge-arc {stroke}",
            custom_attrs={"strokeDasharray": f"{pct} 100"},
        ),
        view_box="0 0 52 48",
        aria_hidden="true",
        class_name="gauge-svg",
    )
