"""Tables: the latest snapshot of all tags, and small tables of figures and samples."""

from __future__ import annotations

from collections.abc import Mapping

import reflex as rx

from ksys_app.components import client
from ksys_app.components.kpi_tiles import SKELETONS, worst
from ksys_app.components.popover import alarm_figures, alarm_kind, alarm_mark, alarm_text
from ksys_app.components.reading import long_figure
from ksys_app.components.words import T
from ksys_app.models.views import Limit, SampleView, SortKey, TileView

COLUMNS: tuple[tuple[SortKey, rx.Var[str], str], ...] = (
    ("tag", T.col_tag, "col-tag"),
    ("ts", T.col_ts, "col-ts"),
    ("value", T.col_value, "col-value num"),
    ("comm", T.col_comm, "col-comm"),
    ("alarm", T.col_alarm, "col-alarm"),
)


def snapshot_table(
    rows: rx.Var[list[TileView]],
    titles: rx.Var[list[str]],
    order: rx.Var[list[int]],
    sort: rx.Var[str],
    descending: rx.Var[bool],
    on_sort: rx.EventHandler,
    on_open: rx.EventHandler,
) -> rx.Component:
    """The latest snapshot: one row for each tag of ``rows`` at the places ``order``."""
    return client.Grid.create(
        rx.el.table(
            _head(sort, descending, on_sort),
            client.ManyRows.create(
                rx.foreach(
                    client.part("rows", order),
                    lambda item: snapshot_row(
                        row=rows[item[0].to(int)],
                        about=titles[item[0].to(int)],
                        first=item[3].to(bool),
                        custom_attrs={"aria-rowindex": item[1].to(int) + 2, "style": item[2]},
                        key=rows[item[0].to(int)].title,
                    ),
                ),
                name="rows",
                count=order.length(),
            ),
            role="grid",
            custom_attrs={"aria-rowcount": order.length() + 1},
            aria_labelledby="snapshot-heading",
            class_name="snapshot",
            data_testid="snapshot-table",
        ),
        copy_label=T.copy,
        copied_label=T.copied,
        on_open=on_open,
    )


def _head(sort: rx.Var[str], descending: rx.Var[bool], on_sort: rx.EventHandler) -> rx.Component:
    return rx.el.thead(
        rx.el.tr(
            *(
                rx.el.th(
                    rx.el.button(
                        rx.el.span(title),
                        rx.el.span(class_name="sort-mark", aria_hidden="true"),
                        type="button",
                        on_click=on_sort(key),
                        data_testid=f"sort-{key}",
                    ),
                    scope="col",
                    aria_sort=rx.cond(
                        sort == key, rx.cond(descending, "descending", "ascending"), "none"
                    ),
                    class_name=width,
                )
                for key, title, width in COLUMNS
            ),
            custom_attrs={"aria-rowindex": 1},
        )
    )


@rx.memo
def snapshot_row(
    row: rx.Var[TileView], about: rx.Var[str], first: rx.Var[bool], rest: rx.RestProp
) -> rx.Component:
    """The row of one tag. The Tab key enters the table at the row with ``first``."""
    focus = rx.cond(first, 0, -1)
    alarm = alarm_text(row)
    return client.Fresh.create(
        rx.el.td(
            client.Name.create(text=row.title),
            rx.cond(about != "", rx.el.span(about, class_name="about", title=about), None),
            class_name="col-tag",
            tab_index=focus,
            custom_attrs={"data-copy": row.title},
        ),
        rx.el.td(
            rx.el.span(row.ts_s[:10], class_name="ts-date"),
            rx.el.span(row.ts_s[10:], class_name="ts-time"),
            class_name="col-ts",
            tab_index=-1,
            custom_attrs={"data-copy": row.ts_s},
        ),
        rx.el.td(
            client.Figure.create(
                text=row.value_s,
                custom_attrs={"title": row.value_full},
                class_name="cell-value",
                data_long=long_figure(row.value_s),
            ),
            rx.el.span(row.unit, class_name="cell-unit"),
            class_name="col-value num",
            tab_index=-1,
            custom_attrs={"data-copy": row.value_s},
        ),
        rx.el.td(client.CommCell.create(testid="row-comm"), class_name="col-comm", tab_index=-1),
        rx.el.td(
            rx.cond(
                row.alarm_level > 0,
                rx.el.span(
                    alarm_mark(row.alarm_level),
                    rx.el.span(alarm_kind(row), class_name="word"),
                    rx.el.span(alarm_figures(row), class_name="alarm-figures"),
                    class_name="alarm-cell",
                    data_level=row.alarm_level,
                ),
                alarm,
            ),
            class_name="col-alarm",
            title=alarm,
            tab_index=-1,
            custom_attrs={"data-copy": alarm},
        ),
        rest,
        element="tr",
        ts_ms=row.ts_ms,
        allowed_s=row.allowed_s,
        comm=row.comm,
        still_s=row.still_s,
        still_longer=row.still_longer,
        data_tag=row.title,
        data_testid="row-" + row.title,
        data_level=worst(row),
    )


def table_skeleton() -> rx.Component:
    """Empty rows with the size of the rows that load."""
    return rx.el.div(
        *(rx.el.div(rx.el.div(class_name="bone"), class_name="bone-row") for _ in range(SKELETONS)),
        class_name="table-skeleton",
        aria_hidden="true",
    )


def figure_list(figures: rx.Var[list[Limit]], words: Mapping[str, rx.Var[str]]) -> rx.Component:
    """A list of figures, each with its name in the reader's language and its column name."""
    return rx.el.dl(
        rx.foreach(
            figures,
            lambda figure: rx.el.div(
                rx.el.dt(
                    rx.match(figure.name, *words.items(), ""),
                    rx.el.span(figure.name, class_name="figure-name"),
                ),
                rx.el.dd(client.Digits.create(text=figure.value)),
            ),
        ),
        class_name="figures",
    )


def sample_table(samples: rx.Var[list[SampleView]]) -> rx.Component:
    """A table of raw samples, in the given order."""
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th(T.col_ts, scope="col"),
                rx.el.th(T.col_value, scope="col", class_name="num"),
            )
        ),
        rx.el.tbody(
            rx.foreach(
                samples,
                lambda sample: rx.el.tr(
                    rx.el.td(sample.ts_s),
                    rx.el.td(client.Digits.create(text=sample.value_s), class_name="num"),
                ),
            )
        ),
        class_name="samples",
        data_testid="detail-samples",
    )
