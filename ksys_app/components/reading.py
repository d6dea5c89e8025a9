"""A value with its unit, for tiles, the detail, and the pages of a tag."""

from __future__ import annotations

import reflex as rx

from ksys_app.components import client
from ksys_app.models.views import TileView


def reading(row: TileView, testid: str) -> rx.Component:
    """The newest value in large type, with all its digits in a tooltip, and its unit."""
    return rx.el.p(
        client.Figure.create(
            text=row.value_s,
            custom_attrs={"title": row.value_full},
            class_name="tile-value",
            data_testid=testid,
            data_long=long_figure(row.value_s),
        ),
        rx.el.span(row.unit, class_name="tile-unit"),
        class_name="tile-reading",
    )


def long_figure(text: rx.Var[str]) -> rx.Var[int]:
    """How long a figure is: 0 normal, 1 long, 2 very long. CSS makes long ones smaller."""
    return rx.cond(text.length() > 14, 2, rx.cond(text.length() > 9, 1, 0))
