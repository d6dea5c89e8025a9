"""The table below a chart: one row for each bucket, newest first, in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import reflex as rx
from reflex_components_core.el.elements.inline import A

from ksys_app.components import client
from ksys_app.components.links import file_link
from ksys_app.components.tokens import CONTROL
from ksys_app.components.words import FEATURES, T, filled
from ksys_app.models.views import SeriesRow

# The length of a time without its offset.
STAMP = len("2026-02-28 09:00:00")
# The explanation of each column. The headings are the plant's names of the columns.
COLUMNS: Final[Mapping[str, rx.Var[str]]] = {
    "avg": T.avg,
    "min": T.min,
    "max": T.max,
    "last": T.last,
    "first": T.first,
    "n": T.stat_count,
    "sma_10": T.sma_10,
    "sma_60": T.sma_60,
    "bb_top": T.bb_top,
    "bb_bot": T.bb_bot,
    "slope_60": T.slope_60,
    **FEATURES.each(),
}


def series_table(state: Any, columns: Sequence[str], title: str) -> rx.Component:
    """One page of rows. The row at the chart's cursor is marked; a hovered row sets the cursor."""
    return client.Grid.create(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    *(
                        rx.el.th(name, scope="col", class_name=width, title=COLUMNS.get(name, ""))
                        for name, width in (
                            (T.col_num, "num col-num"),
                            (T.col_tag, "col-series-tag"),
                            (T.col_ts, "col-series-ts"),
                            *((name, "num") for name in columns),
                        )
                    )
                )
            ),
            rx.el.tbody(
                rx.foreach(
                    state.rows,
                    lambda row, at: _row(state, row, at),
                )
            ),
            role="grid",
            aria_label=title,
            class_name="series",
            data_testid="series-table",
        ),
        copy_label=T.copy,
        copied_label=T.copied,
        found=state.found_ms,
    )


def _row(state: Any, row: rx.Var[SeriesRow], at: rx.Var[int]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.num, class_name="num col-num", tab_index=-1),
        rx.el.td(
            client.Name.create(text=state.tag),
            class_name="col-series-tag",
            tab_index=-1,
            custom_attrs={"data-copy": state.tag},
        ),
        # The Tab key enters the table at this column: it is the first one that a phone shows.
        rx.el.td(
            row.ts_s[:STAMP],
            rx.el.span(row.ts_s[STAMP:], class_name="ts-offset"),
            class_name="col-series-ts",
            tab_index=rx.cond(at == 0, 0, -1),
            custom_attrs={"data-copy": row.ts_s},
        ),
        rx.foreach(
            row.cells,
            lambda cell: rx.el.td(client.Digits.create(text=cell), class_name="num", tab_index=-1),
        ),
        custom_attrs={"data-ms": row.ms, "data-found": row.ms == state.found_ms},
    )


def pager(state: Any) -> rx.Component:
    """The buttons for newer and older rows; empty if there is only one page."""
    return rx.cond(
        state.pages > 1,
        rx.el.nav(
            _turn(T.newer, state.go_to(state.page - 1), state.page <= 1, "newer"),
            rx.el.span(filled(T.page_of, n=state.page, all=state.pages), data_testid="page-of"),
            _turn(T.older, state.go_to(state.page + 1), state.page >= state.pages, "older"),
            aria_label=T.pager,
            class_name="pager",
        ),
        rx.fragment(),
    )


def row_count(state: Any) -> rx.Component:
    """The number of rows on all pages of the table."""
    return rx.el.span(
        filled(T.rows, n=state.count),
        rx.cond(state.zoom.length() > 0, f" {T.rows_whole}", ""),
        class_name="count",
        data_testid="row-count",
        data_rows=state.total,
    )


def csv_link(state: Any) -> rx.Component:
    """The links to the rows as a CSV file: all rows, and those of the zoomed part if zoomed."""
    return rx.fragment(
        _file(T.csv, state.csv_url, T.csv_hint, "csv"),
        rx.cond(
            state.csv_zoom_url != "",
            _file(T.csv_zoom, state.csv_zoom_url, T.csv_zoom_hint, "csv-zoom"),
            None,
        ),
    )


def _file(text: str, url: rx.Var[str], hint: str, testid: str) -> rx.Component:
    return A.create(
        text,
        href=file_link(url),
        download="",
        title=hint,
        class_name=CONTROL["control"] + " control-small",
        data_testid=testid,
    )


def _turn(text: str, event: Any, disabled: Any, name: str) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        on_click=event,
        disabled=disabled,
        class_name=CONTROL["control"] + " control-small",
        data_testid=name,
    )
