"""The frame of a page about one tag: controls, chart, table, and their states."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router import link

from ksys_app.components import client
from ksys_app.components.charts import Band, Series, overlays, series_chart
from ksys_app.components.client.chart import VisibleRange
from ksys_app.components.client.shell import TagPicker
from ksys_app.components.feedback import empty_box, error_box
from ksys_app.components.layout import Feed, Place, paper_head, shell
from ksys_app.components.navbar import (
    live_or_past,
    range_control,
    refresh_button,
    window_menu,
)
from ksys_app.components.standing import standing
from ksys_app.components.table_components import table_skeleton
from ksys_app.components.tokens import CONTROL
from ksys_app.components.words import RG, T, filled, message_text
from ksys_app.texts.windows import window_spans


def series_page(
    route: str,
    title: rx.Var[str],
    state: Any,
    series: tuple[Series, ...],
    bands: tuple[Band, ...],
    table: rx.Component,
    *options: rx.Component,
) -> rx.Component:
    """A page about one tag.

    Args:
        route: its path.
        title: its title.
        state: the state of a tag's series.
        series: the series that the chart can draw.
        bands: the bands that the chart fills between two series.
        table: the section below the chart.
        options: controls beside the checkboxes of the series.
    """
    return shell(
        route,
        title,
        rx.match(
            state.phase,
            ("error", error_box(state.problem, state.retry)),
            ("retrying", error_box(state.problem, state.retry)),
            ("empty", empty_box()),
            rx.cond(
                state.url != "",
                rx.el.div(
                    rx.el.section(
                        _now(state),
                        rx.el.div(
                            VisibleRange.create(
                                period=state.window,
                                spans=window_spans(),
                                ends=state.ends,
                                zoom=state.zoom,
                            ),
                            _finer(state),
                            overlays(state, series, state.shown, state.toggle_series),
                            *options,
                            class_name="section-head series-head",
                        ),
                        series_chart(state, series, bands),
                        aria_labelledby="series-heading",
                    ),
                    table,
                    class_name="series-page",
                ),
                _loading(),
            ),
        ),
        client.Address.create(
            link=state.link,
            read=state.link_of,
            steps=["tag", "window", "from", "to", "zoom"],
            whole=[["tag"], ["window", "to"]],
        ),
        place=Place.of(state),
        paper=paper_head(T.tag, state.tag, window=state.window, ends=state.ends, zoom=state.zoom),
        feed=Feed.of(state, past=state.past),
        controls=(
            TagPicker.create(value=state.tag, label=T.tag, on_pick=state.choose_tag),
            window_menu(rx.cond(state.start == "", state.window, ""), state.set_window_filter),
            range_control(state),
            refresh_button(state.is_loading, state.refresh),
            live_or_past(state),
        ),
        skips=(
            rx.match(
                state.phase,
                ("error", rx.fragment()),
                ("retrying", rx.fragment()),
                ("empty", rx.fragment()),
                rx.cond(
                    state.url != "",
                    client.SkipLink.create(to="series-rows", text=T.skip_table),
                    rx.fragment(),
                ),
            ),
        ),
    )


def _finer(state: Any) -> rx.Component:
    """The button that loads the zoomed part with finer buckets, if there are any."""
    return rx.cond(
        state.finer != "",
        rx.el.button(
            filled(
                RG.finer,
                bucket=rx.match(
                    state.finer, ("1m", T.bucket_1m), ("10m", T.bucket_10m), T.bucket_1h
                ),
            ),
            type="button",
            title=RG.finer_hint,
            on_click=state.load_zoom,
            class_name=CONTROL["control"] + " control-small",
            data_testid="finer",
        ),
        None,
    )


def _now(state: Any) -> rx.Component:
    """The tag, what it measures, and its current state."""
    return rx.el.div(
        rx.el.div(
            rx.el.h2(
                client.Name.create(text=state.tag), id="series-heading", data_testid="series-tag"
            ),
            rx.el.p(
                # The title of a calculated tag is an ƒ and the expression (PRD §33.9).
                rx.cond(
                    state.title.contains("ƒ "),
                    filled(T.calculated_about, about=state.title),
                    state.title,
                ),
                class_name="about",
                title=state.title,
                data_testid="series-about",
            ),
            class_name="series-name",
        ),
        rx.foreach(state.standing, lambda current: standing(current, scaled=False)),
        link(
            T.explore_beside,
            to=state.explore_url,
            class_name="control control-small",
            title=T.explore_beside_hint,
        ),
        class_name="series-now",
    )


def table_section(state: Any, head: rx.Component, table: rx.Component) -> rx.Component:
    """The section below the chart: its head, then the table, or why there are no rows."""
    return rx.el.section(
        head,
        rx.cond(
            state.total > 0,
            table,
            rx.cond(
                state.is_loading,
                table_skeleton(),
                rx.el.div(
                    rx.el.p(message_text(state.empty_why)),
                    rx.el.p(message_text(state.empty_do), class_name="box-quiet"),
                    class_name="box",
                    data_testid="series-empty",
                ),
            ),
        ),
        id="series-rows",
        tab_index=-1,
        class_name="series-rows",
    )


def choice(
    label: rx.Var[str],
    options: tuple[tuple[str, rx.Var[str], rx.Var[str]], ...],
    chosen: rx.Var[str],
    on_choose: rx.EventHandler,
) -> rx.Component:
    """A choice of one option, as a row of buttons. An option is a key, a name and a hint."""
    return rx.el.div(
        *(
            rx.el.button(
                name,
                type="button",
                title=hint,
                aria_pressed=chosen == key,
                on_click=on_choose(key),
                data_testid=f"choose-{key}",
            )
            for key, name, hint in options
        ),
        role="group",
        aria_label=label,
        class_name="segmented",
    )


def _loading() -> rx.Component:
    return rx.el.div(
        client.Waiting.create(),
        rx.el.div(class_name="bone chart-bone"),
        table_skeleton(),
        class_name="series-page",
        aria_busy="true",
    )
