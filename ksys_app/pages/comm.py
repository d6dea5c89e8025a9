"""``/comm``: 30 days of communication, by hours for some tags, by days for all tags."""

from __future__ import annotations

from dataclasses import replace

import reflex as rx

from ksys_app.components import client
from ksys_app.components.client.comm import CommBoard
from ksys_app.components.comm import cell_card, controls, summary_table
from ksys_app.components.comm_overview import overview
from ksys_app.components.feedback import empty_box, error_box
from ksys_app.components.layout import Feed, Place, paper_head, shell
from ksys_app.components.table_components import table_skeleton
from ksys_app.components.words import C, T
from ksys_app.states.comm import CommState as State

TITLE = T.nav_comm
ON_LOAD = State.load


def page(route: str) -> rx.Component:
    """The page."""
    return shell(
        route,
        TITLE,
        rx.match(
            State.phase,
            ("error", error_box(State.problem, State.retry)),
            ("retrying", error_box(State.problem, State.retry)),
            ("empty", empty_box()),
            rx.cond(
                State.view == "overview",
                rx.cond(State.overview_shown, overview(State), _loading()),
                rx.cond(State.cells.length() > 0, _hours(), _loading()),
            ),
        ),
        client.Address.create(link=State.link, read=State.link_of),
        place=Place.of(State),
        paper=paper_head(
            C.tags, rx.cond(State.view == "overview", State.search, State.tag_names.join(", "))
        ),
        feed=replace(Feed.of(State), seen_ms=State.alive_ms),
        controls=(controls(State),),
    )


def _hours() -> rx.Component:
    return rx.el.div(
        summary_table(State.summaries),
        CommBoard.create(
            cell_card(State.card, State.clear_cell),
            maps=State.cells,
            calendar=State.calendar,
            outages=State.outages,
            count=State.outage_count,
            silent=State.silent,
            scale=State.color_scale,
            card=State.card,
            csv=State.csv,
            on_choose=State.select_cell,
            on_clear=State.clear_cell,
            on_reload=State.show,
        ),
        class_name="comm-page",
    )


def _loading() -> rx.Component:
    return rx.el.div(
        client.Waiting.create(),
        table_skeleton(),
        rx.el.div(class_name="bone map-bone"),
        class_name="comm-page",
        aria_busy="true",
    )
