"""``/trend``: the buckets of a tag as a chart and as a table."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link

from ksys_app.components.charts import TREND, TREND_BANDS
from ksys_app.components.links import page_link
from ksys_app.components.series import choice, series_page, table_section
from ksys_app.components.series_table import csv_link, pager, row_count, series_table
from ksys_app.components.words import ED, T
from ksys_app.states.trend import FEATURES, HISTORY, TrendState as State

TITLE = T.nav_trend
ON_LOAD = State.load_trend_data
TABLES = (
    ("history", T.history, T.history_hint),
    ("features", T.features_table, T.features_hint),
)


def page(route: str) -> rx.Component:
    """The page."""
    head = rx.el.div(
        choice(T.tables, TABLES, State.table, State.choose_table),
        row_count(State),
        csv_link(State),
        link(
            ED.edit_limits,
            to=page_link("/limits", State.tag, State.window),
            class_name="control control-small",
        ),
        pager(State),
        class_name="section-head series-table-head",
    )
    table = rx.cond(
        State.table == "features",
        series_table(State, FEATURES.columns, T.features_table),
        rx.cond(
            State.means_only,
            series_table(State, HISTORY.columns_of(means_only=True), T.history),
            series_table(State, HISTORY.columns, T.history),
        ),
    )
    return series_page(route, TITLE, State, TREND, TREND_BANDS, table_section(State, head, table))
