"""Parts of ``/comm``: the controls, the summary table, the card of an hour (PRD §28.3)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components import client
from ksys_app.components.client.comm import DayField, OutageLength, TagsPicker
from ksys_app.components.client.shell import Scrollable
from ksys_app.components.navbar import refresh_button, tag_filter
from ksys_app.components.series import choice
from ksys_app.components.tokens import CONTROL
from ksys_app.components.words import C, filled, message_text
from ksys_app.models.comm_views import CardView, SummaryView

MAX_TAGS = 9
NUMBERS = (
    (C.col_24h, "num"),
    (C.col_30d, "num col-30d"),
    (C.col_outages, "num"),
    (C.col_total, "num"),
    (C.col_longest, "num"),
)
FIRST_START = "2000-01-01"
VIEWS = (
    ("hours", C.view_hours, C.view_hours_hint),
    ("overview", C.view_overview, C.view_overview_hint),
)


def controls(state: Any) -> rx.Component:
    """The tags, or the filter of the overview; the first day with steps; refresh."""
    return rx.el.div(
        choice(C.view, VIEWS, state.view, state.set_view),
        rx.cond(
            state.view == "overview",
            tag_filter(state.search, state.set_search),
            TagsPicker.create(
                values=state.tag_names,
                most=MAX_TAGS,
                label=C.tags,
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
    """One row for each tag: communication now, success rates, outages, the expected rate.

    The roles are explicit: on a phone CSS turns rows into blocks, which removes table roles.
    """
    return rx.el.section(
        rx.el.h2(C.summary, id="summary-heading", class_name="sr-only"),
        Scrollable.create(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        *(
                            rx.el.th(name, scope="col", role="columnheader", class_name=width)
                            for name, width in (
                                (C.col_tag, ""),
                                (C.col_now, ""),
                                *NUMBERS,
                                (C.col_expected, "col-limits"),
                            )
                        ),
                        role="row",
                    ),
                    role="rowgroup",
                ),
                rx.el.tbody(rx.foreach(rows, _summary_row), role="rowgroup"),
                role="table",
                aria_labelledby="summary-heading",
                class_name="series comm-summary",
                data_testid="summary",
            ),
            label=C.summary,
            class_name="grid-scroll",
        ),
    )


def _summary_row(row: rx.Var[SummaryView]) -> rx.Component:
    return client.Fresh.create(
        rx.el.td(row.tag, role="cell", class_name="col-series-tag"),
        rx.el.td(
            client.CommCell.create(testid="now"),
            rx.cond(
                row.refused != "",
                rx.el.span(
                    client.Mark.create(kind="warn"),
                    filled(C.refused, n=row.refused),
                    class_name="comm-cell",
                    data_testid="refused",
                ),
                None,
            ),
            role="cell",
        ),
        *(
            rx.el.td(
                value,
                role="cell",
                class_name=width,
                data_testid=testid,
                custom_attrs={"data-label": name},
            )
            for (name, width), testid, value in zip(
                NUMBERS,
                ("success-24h", "success-30d", "outage-number", "outage-total", "outage-longest"),
                (
                    row.success_24h,
                    _of_days(row),
                    row.outages,
                    OutageLength.create(ended_min=row.total_min, since_ms=row.since_ms, sum=True),
                    OutageLength.create(ended_min=row.longest_min, since_ms=row.since_ms),
                ),
                strict=True,
            )
        ),
        rx.el.td(
            message_text(row.limits),
            rx.cond(
                row.assumed,
                client.Explain.create(
                    C.assumed,
                    title=C.col_expected,
                    lines=[C.assumed_why],
                    class_name="assumed",
                    data_testid="assumed",
                ),
                rx.fragment(),
            ),
            role="cell",
            class_name="col-limits",
        ),
        element="tr",
        custom_attrs={"role": "row"},
        ts_ms=row.ts_ms,
        allowed_s=row.allowed_s,
        comm=row.comm,
        still_s=row.still_s,
        still_longer=row.still_longer,
        key=row.tag,
        data_testid="summary-" + row.tag,
    )


def _of_days(row: rx.Var[SummaryView]) -> rx.Component:
    """The success rate, with the number of judged days if not all are."""
    return rx.fragment(
        row.success_30d,
        rx.cond(
            row.judged > 0,
            rx.el.span(filled(C.judged, n=row.judged), title=C.judged_why, class_name="of-days"),
            rx.fragment(),
        ),
    )


def cell_card(card: rx.Var[CardView], on_clear: rx.EventHandler) -> rx.Component:
    """The facts of the selected hour, or a hint how to select one."""
    facts = (
        (C.card_local, card.local_s, "card-local"),
        (C.card_utc, card.utc_s, "card-utc"),
        (C.success, card.rate_s, "card-rate"),
        (C.received, card.received_s, "card-received"),
        (C.missing, card.missing_s, "card-missing"),
        (C.last_seen, rx.cond(card.seen_s != "", card.seen_s, C.none_seen), "card-seen"),
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
                            kind=rx.match(
                                card.state, ("no_data", "never"), ("not_yet", "never"), card.state
                            )
                        ),
                        rx.match(
                            card.state,
                            ("ok", C.state_ok),
                            ("warn", C.state_warn),
                            ("crit", C.state_crit),
                            ("not_yet", C.state_not_yet),
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
