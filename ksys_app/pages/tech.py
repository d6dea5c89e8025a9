"""``/tech``: moving averages, bands and slope of a tag as a chart and as a table."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.charts import TECH, TECH_BANDS
from ksys_app.components.series import choice, series_page, table_section
from ksys_app.components.series_table import csv_link, pager, row_count, series_table
from ksys_app.components.words import T
from ksys_app.states.tech import COLUMNS, TechState as State

TITLE = T.title_tech
ON_LOAD = State.load_indicators_data
BANDS = (
    ("plant", T.band_plant, T.band_plant_hint),
    ("bollinger", T.band_bollinger, T.band_bollinger_hint),
)


def page(route: str) -> rx.Component:
    """The page."""
    head = rx.el.div(
        rx.el.h2(T.indicators_table),
        row_count(State),
        csv_link(State),
        pager(State),
        class_name="section-head series-table-head",
    )
    return series_page(
        route,
        TITLE,
        State,
        TECH,
        TECH_BANDS,
        table_section(State, head, series_table(State, COLUMNS, T.indicators_table)),
        choice(T.band, BANDS, State.band, State.choose_band),
    )
