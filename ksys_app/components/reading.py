"""A value with its unit, as tiles, the detail and the pages of a tag have it."""

from __future__ import annotations

import reflex as rx

from ksys_app.components import client
from ksys_app.models.views import TileView


def reading(row: TileView, testid: str) -> rx.Component:
    """The newest value, large, with every digit in its tooltip, and its unit."""
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
    """How far a figure is from the few digits that most have: 0, 1, 2."""
    return rx.cond(text.length() > 14, 2, rx.cond(text.length() > 9, 1, 0))
