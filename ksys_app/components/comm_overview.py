"""The overview of ``/comm``: all tags, in pages (PRD §28.3)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components import client
from ksys_app.components.client.comm import Overview
from ksys_app.components.table_components import table_skeleton
from ksys_app.components.tokens import CONTROL
from ksys_app.components.words import C, T
from ksys_app.models.comm import WORST


def overview(state: Any) -> rx.Component:
    """The table of all tags, in pages; its order does not change while a person uses it."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(C.view_overview, id="overview-heading"),
            rx.el.span(state.row_count, class_name="count", data_testid="overview-count"),
            rx.el.button(
                T.sort_worst,
                type="button",
                aria_pressed=state.sort == WORST,
                on_click=state.set_sort(WORST),
                title=C.worst_why,
                class_name=CONTROL["control"] + " control-small",
                data_testid="overview-worst",
            ),
            _pager(state),
            class_name="section-head",
        ),
        rx.cond(state.truncated, rx.el.p(C.truncated, class_name="note"), rx.fragment()),
        rx.cond(
            state.row_count > 0,
            client.Steady.create(
                Overview.create(
                    rows=state.rows,
                    nows=state.nows,
                    calendar=state.calendar,
                    scale=state.color_scale,
                    sort=state.sort,
                    descending=state.descending,
                    on_open=state.set_tags,
                    on_sort=state.set_sort,
                    on_reload=state.show,
                ),
                moved=state.moved,
                label=T.reorder,
                on_hold=state.hold,
                on_reorder=state.reorder,
            ),
            rx.cond(
                state.searched,
                rx.el.p(C.nomatch, " ", rx.el.code(state.search), ".", class_name="note"),
                table_skeleton(),
            ),
        ),
        aria_labelledby="overview-heading",
    )


def _pager(state: Any) -> rx.Component:
    def turn(text: str, step: int, disabled: Any, name: str) -> rx.Component:
        return rx.el.button(
            text,
            type="button",
            on_click=state.set_page(state.page + step),
            disabled=disabled,
            class_name=CONTROL["control"] + " control-small",
            data_testid=name,
        )

    return rx.cond(
        state.pages > 1,
        rx.el.nav(
            turn(C.page_prev, -1, state.page <= 1, "page-prev"),
            rx.el.span(state.page, " / ", state.pages, data_testid="page-of"),
            turn(C.page_next, 1, state.page >= state.pages, "page-next"),
            aria_label=C.pages,
            class_name="pager",
        ),
        rx.fragment(),
    )
