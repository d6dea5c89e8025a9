"""Parts of ``/comm``: its controls, the summary, the card of an hour, the overview (PRD §28.3)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components import client
from ksys_app.components.client.communication import DayField, Overview, Scrollable, TagsPicker
from ksys_app.components.course import choice
from ksys_app.components.navbar import refresh_button, tag_filter
from ksys_app.components.table_components import table_skeleton
from ksys_app.components.tokens import CONTROL
from ksys_app.models.comm import WORST
from ksys_app.models.comm_views import CardView, SummaryView
from ksys_app.texts import T
from ksys_app.texts_comm import C, comm_words

MAX_TAGS = 9
FIRST_START = "2000-01-01"
VIEWS = (
    ("hours", C.view_hours, C.view_hours_hint),
    ("overview", C.view_overview, C.view_overview_hint),
)


def controls(state: Any) -> rx.Component:
    """Tags, or the search of the overview; the first day and its neighbours; refresh."""
    return rx.el.div(
        choice(C.view, VIEWS, state.view, state.set_view),
        rx.cond(
            state.view == "overview",
            tag_filter(state.search, state.set_search),
            TagsPicker.create(
                values=state.tag_names,
                most=MAX_TAGS,
                label=C.tags,
                words=comm_words(),
                on_pick=state.set_tags,
            ),
        ),
        rx.el.div(
            _step("chevron_left", C.prev, state.prev_day, "prev", False),
            DayField.create(
                value=state.start_date,
                min=FIRST_START,
                max=state.today,
                label=C.start,
                words=comm_words(),
                on_pick=state.set_start,
            ),
            _step(
                "chevron_right",
                C.next,
                state.next_day,
                "next",
                state.start_date >= state.last_start,
            ),
            class_name="stepper",
        ),
        rx.el.button(
            C.recent,
            type="button",
            on_click=state.recent_30d,
            disabled=state.start_date == state.last_start,
            class_name=CONTROL["control"],
            data_testid="recent",
        ),
        refresh_button(state.is_loading, state.refresh),
        class_name="comm-controls",
    )


def _step(icon: str, says: str, on_click: Any, name: str, disabled: Any) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=16),
        type="button",
        on_click=on_click,
        disabled=disabled,
        aria_label=says,
        title=says,
        class_name=CONTROL["icon"],
        data_testid=name,
    )


def summary_table(rows: rx.Var[list[SummaryView]]) -> rx.Component:
    """One row a tag: is it alive, what arrived, how long it did not."""
    numbers = (
        (C.col_24h, "num"),
        (C.col_30d, "num"),
        (C.col_outages, "num"),
        (C.col_total, "num col-total"),
        (C.col_longest, "num"),
    )
    return rx.el.section(
        rx.el.h2(C.summary, id="summary-heading", class_name="sr-only"),
        Scrollable.create(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th(C.col_tag, scope="col"),
                        rx.el.th(C.col_now, scope="col"),
                        *(rx.el.th(name, scope="col", class_name=width) for name, width in numbers),
                        rx.el.th(C.col_expected, scope="col", class_name="col-limits"),
                    )
                ),
                rx.el.tbody(rx.foreach(rows, _summary_row)),
                aria_labelledby="summary-heading",
                class_name="course comm-summary",
                data_testid="summary",
            ),
            label=C.summary,
            class_name="grid-scroll",
        ),
    )


def _summary_row(row: rx.Var[SummaryView]) -> rx.Component:
    return client.Fresh.create(
        rx.el.td(row.tag, class_name="col-course-tag"),
        rx.el.td(
            client.CommCell.create(testid="now"),
            rx.cond(
                row.refused != "",
                rx.el.span(
                    client.Mark.create(kind="warn"),
                    row.refused,
                    class_name="comm-cell",
                    data_testid="refused",
                ),
                None,
            ),
        ),
        *(
            rx.el.td(value, class_name=width, data_testid=name)
            for name, value, width in (
                ("success-24h", row.success_24h, "num"),
                ("success-30d", row.success_30d, "num"),
                ("outage-number", row.outages, "num"),
                ("outage-total", row.total, "num col-total"),
                ("outage-longest", row.longest, "num"),
            )
        ),
        rx.el.td(row.limits, class_name="col-limits"),
        element="tr",
        ts_ms=row.ts_ms,
        allowed_s=row.allowed_s,
        comm=row.comm,
        key=row.tag,
        data_testid="summary-" + row.tag,
    )


def cell_card(card: rx.Var[CardView], on_clear: rx.EventHandler) -> rx.Component:
    """The selected hour, or how to select one."""
    facts = (
        (C.card_local, card.local_s, "card-local"),
        (C.card_utc, card.utc_s, "card-utc"),
        (C.success, card.rate_s, "card-rate"),
        (C.received, card.received_s, "card-received"),
        (C.missing, card.missing_s, "card-missing"),
        (C.last_seen, card.seen_s, "card-seen"),
        (C.card_counted, card.counted_s, "card-counted"),
    )
    return rx.el.section(
        rx.el.div(
            rx.el.h2(C.card, id="card-heading"),
            rx.cond(
                card.cell >= 0,
                rx.el.button(
                    rx.icon("x", size=16),
                    type="button",
                    on_click=on_clear,
                    aria_label=C.card_close,
                    title=C.card_close,
                    class_name=CONTROL["icon"],
                    data_testid="card-close",
                ),
                None,
            ),
            class_name="section-head",
        ),
        rx.cond(
            card.cell >= 0,
            rx.fragment(
                rx.el.p(
                    rx.el.strong(card.tag),
                    rx.el.span(
                        client.Mark.create(
                            kind=rx.cond(card.state == "no_data", "never", card.state)
                        ),
                        rx.match(
                            card.state,
                            ("ok", C.state_ok),
                            ("warn", C.state_warn),
                            ("crit", C.state_crit),
                            C.state_no_data,
                        ),
                        class_name="badge",
                        data_level=rx.match(card.state, ("warn", 1), ("crit", 2), 0),
                        data_testid="card-state",
                    ),
                    class_name="card-head",
                ),
                rx.el.dl(
                    *(
                        rx.el.div(rx.el.dt(name), rx.el.dd(value, data_testid=key))
                        for name, value, key in facts
                    ),
                    class_name="figures",
                ),
            ),
            rx.el.p(C.card_hint, class_name="note"),
        ),
        aria_labelledby="card-heading",
        aria_live="polite",
        class_name="cell-card",
        data_testid="card",
    )


def overview(state: Any) -> rx.Component:
    """All tags, a page of them, in an order that stands still under a pointer."""
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
                    words=comm_words(),
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
