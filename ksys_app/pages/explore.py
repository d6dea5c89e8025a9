"""``/explore``: up to nine tags over any period, and the tools to compare them (PRD §33.5)."""

from __future__ import annotations

import reflex as rx
from reflex.style import resolved_color_mode

from ksys_app.components import client
from ksys_app.components.client.chart import VisibleRange
from ksys_app.components.client.explore import Workbench
from ksys_app.components.client.shell import TagPicker
from ksys_app.components.feedback import empty_box, error_box
from ksys_app.components.layout import Feed, Place, paper_head, shell
from ksys_app.components.navbar import live_or_past, range_control, refresh_button, window_menu
from ksys_app.components.words import T, filled, message_text
from ksys_app.states.explore import ExploreState as State
from ksys_app.states.explore_link import MOST_TAGS
from ksys_app.texts.windows import window_spans

TITLE = T.nav_explore
ON_LOAD = State.load_explore


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
            rx.cond(State.time_query != "", _workbench(), _loading()),
        ),
        client.Address.create(
            link=State.link,
            read=State.link_of,
            steps=["tags", "window", "from", "to", "zoom", "bucket", "compare"],
            whole=[["tags"], ["window", "to"]],
        ),
        place=Place.of(State),
        paper=paper_head(
            T.tag, State.tags.join(", "), window=State.window, ends=State.ends, zoom=State.zoom
        ),
        feed=Feed.of(State, past=State.past),
        controls=(
            rx.cond(
                State.tags.length() < MOST_TAGS,
                TagPicker.create(value="", label=T.explore_add, on_pick=State.add_tag),
                rx.el.span(T.explore_full, class_name="count"),
            ),
            window_menu(rx.cond(State.start == "", State.window, ""), State.set_window_filter),
            range_control(State),
            refresh_button(State.is_loading, State.refresh),
            live_or_past(State),
        ),
    )


def _workbench() -> rx.Component:
    return rx.el.div(
        rx.cond(
            State.missing.length() > 0,
            rx.el.p(
                filled(T.explore_missing, tags=State.missing.join(", ")),
                role="status",
                class_name="note",
                data_testid="explore-missing",
            ),
            None,
        ),
        VisibleRange.create(
            period=State.window, spans=window_spans(), ends=State.ends, zoom=State.zoom
        ),
        Workbench.create(
            tags=State.tags,
            hidden=State.hidden,
            layout=State.layout,
            compare=State.compare,
            difference=State.difference,
            compare_problem=State.compare_problem,
            bucket=State.bucket,
            zoom=State.zoom,
            part=State.part,
            tool=State.tool,
            relation=State.relation,
            time_query=State.time_query,
            facts=State.facts,
            version=State.revision,
            theme=resolved_color_mode,
            caption=message_text(State.window_caption),
            most=MOST_TAGS,
            on_tags=State.choose_tags,
            on_hide=State.hide,
            on_layout=State.choose_layout,
            on_compare=State.choose_compare,
            on_difference=State.choose_difference,
            on_bucket=State.choose_bucket,
            on_zoom=State.set_zoom,
            on_part=State.set_part,
            on_tool=State.choose_tool,
            on_relation=State.choose_relation,
            on_widen=State.widen,
            on_range=State.set_range,
        ),
        class_name="explore-page",
    )


def _loading() -> rx.Component:
    return rx.el.div(
        client.Waiting.create(),
        rx.el.div(class_name="bone chart-bone"),
        class_name="explore-page",
        aria_busy="true",
    )
