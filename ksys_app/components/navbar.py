"""The header of a page: its title, its controls, and the live switch."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.style import resolved_color_mode, toggle_color_mode

from ksys_app.components import client
from ksys_app.components.client.range import RangeControl
from ksys_app.components.client.views import Views
from ksys_app.components.sidebar import drawer
from ksys_app.components.tokens import CONTROL
from ksys_app.components.words import RG, T
from ksys_app.texts.ranges import QUICK, window_starts
from ksys_app.texts.windows import window_menu as menu, window_spans

FILTER_DELAY_MS = 300


def navbar(route: str, title: rx.Var[str], *controls: rx.Component) -> rx.Component:
    """The header with the page's only ``h1``.

    Args:
        route: the page's path.
        title: its title.
        controls: the controls of the page.
    """
    return rx.el.header(
        drawer(route),
        rx.el.h1(title),
        rx.el.div(*controls, class_name="controls"),
        Views.create(),
        client.LanguageToggle.create(class_name=CONTROL["icon"]),
        theme_toggle(),
        client.Account.create(class_name=CONTROL["icon"]),
        class_name="header",
    )


def window_menu(window: rx.Var[str], on_select: rx.EventHandler) -> rx.Component:
    """The 13 windows, grouped so that 3m is not read as minutes (PRD decision 3)."""
    return client.WindowMenu.create(
        value=window, groups=menu(), label=T.window, on_select=on_select
    )


def tag_filter(text: rx.Var[str], on_search: rx.EventHandler) -> rx.Component:
    """The text field that filters tags by name when the typing has paused for 300 ms."""
    return client.SearchBox.create(
        value=text,
        label=T.filter,
        clear_label=T.filter_clear,
        delay_ms=FILTER_DELAY_MS,
        on_search=on_search,
    )


def live_toggle(
    is_live: rx.Var[bool], on_start: rx.EventHandler, on_stop: rx.EventHandler
) -> rx.Component:
    """The switch between live and paused, with the seconds to the next tick."""
    return rx.el.button(
        client.LiveWord.create(),
        client.NextTick.create(),
        type="button",
        role="switch",
        aria_checked=is_live,
        aria_label=T.live_hint,
        title=T.live_hint,
        on_click=rx.cond(is_live, on_stop, on_start),
        class_name=CONTROL["control"] + " live-toggle",
        data_testid="live-toggle",
        data_live=is_live,
    )


def live_or_past(state: Any) -> rx.Component:
    """The live switch; if the shown time is past, the button that returns to now."""
    return rx.cond(
        state.past,
        rx.el.button(
            RG.now,
            type="button",
            title=RG.now_hint,
            on_click=state.return_to_now,
            class_name=CONTROL["primary"],
            data_testid="return-to-now",
        ),
        live_toggle(state.realtime_mode, state.start_realtime, state.stop_realtime),
    )


def range_control(state: Any) -> rx.Component:
    """The control of a time range, with buttons for earlier and later times."""
    return RangeControl.create(
        start=state.start,
        end=state.end,
        ends=state.ends,
        seconds=rx.Var.create(window_spans())[state.window],
        past=state.past,
        usual=rx.Var.create(window_starts())[state.window],
        quick=[list(quick) for quick in QUICK],
        problem=state.range_problem,
        on_range=state.set_range,
        on_shift=state.shift_range,
    )


def refresh_button(is_loading: rx.Var[bool], on_refresh: rx.EventHandler) -> rx.Component:
    """The button that queries the database at once."""
    return rx.el.button(
        rx.icon("refresh_cw", size=16),
        type="button",
        on_click=on_refresh,
        aria_label=T.refresh,
        aria_keyshortcuts="r",
        aria_busy=is_loading,
        title=f"{T.refresh} (r)",
        class_name=CONTROL["icon"],
        data_testid="refresh",
    )


def theme_toggle() -> rx.Component:
    """The switch between light and dark. Until its first use, the system decides."""
    says = rx.cond(resolved_color_mode == "dark", T.theme_light, T.theme_dark)
    return rx.el.button(
        rx.el.span(rx.icon("moon", size=16), class_name="only-light"),
        rx.el.span(rx.icon("sun", size=16), class_name="only-dark"),
        type="button",
        on_click=toggle_color_mode,
        aria_label=says,
        title=says,
        class_name=CONTROL["icon"],
        data_testid="theme-toggle",
    )


def sort_choice(sort: rx.Var[str], on_sort: rx.EventHandler) -> rx.Component:
    """The choice of the order of tiles: worst first, or by name."""
    return rx.el.div(
        *(
            rx.el.button(
                title,
                type="button",
                aria_pressed=sort == key,
                on_click=on_sort(key),
                data_testid=f"tile-sort-{key}",
            )
            for key, title in (("worst", T.sort_worst), ("name", T.sort_name))
        ),
        role="group",
        aria_label=T.sort,
        class_name="segmented",
    )
