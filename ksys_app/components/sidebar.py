"""The navigation: a sidebar on wide screens, icons at 1024 px, a drawer on narrow ones."""

from __future__ import annotations

from typing import Final

import reflex as rx
from reflex_components_core.react_router import link

from ksys_app.components import client
from ksys_app.components.words import AL, ED, T

PAGES: Final[tuple[tuple[str, rx.Var[str], str, str], ...]] = (
    ("/", T.nav_dashboard, "layout_dashboard", "d"),
    ("/trend", T.nav_trend, "chart_line", "t"),
    ("/tech", T.nav_tech, "chart_candlestick", "i"),
    ("/explore", T.nav_explore, "chart_spline", "x"),
    ("/comm", T.nav_comm, "radio_tower", "c"),
    ("/alarms", AL.nav, "bell", "a"),
    ("/limits", ED.nav, "sliders_horizontal", "l"),
)
SHORTCUTS: Final[tuple[tuple[str, rx.Var[str]], ...]] = (
    *((f"g {key}", title) for _, title, _, key in PAGES),
    ("/", T.key_filter),
    ("r", T.key_refresh),
    ("↑ ↓ ← →", T.key_rows),
    ("+ - 0", T.key_zoom),
    ("Shift ← →", T.key_pan),
    ("[ ]", T.key_shift),
    ("n", T.key_note),
    ("j k", AL.key_alarm_walk),
    ("Space", AL.key_alarm_pick),
    ("a", AL.key_alarm_ack),
    ("t", AL.key_alarm_take),
    ("s", AL.key_alarm_shelve),
    ("Enter", T.key_open),
    ("Ctrl C", T.key_copy),
    ("?", T.key_help),
)


def sidebar(route: str, on_refresh: rx.EventHandler | None) -> rx.Component:
    """The sidebar of the page at ``route``."""
    return rx.el.aside(
        brand(),
        nav_links(route),
        rx.el.div(_keys(on_refresh), class_name="sidebar-foot"),
        class_name="sidebar",
    )


def brand() -> rx.Component:
    """The product's name and mark."""
    return rx.el.div(
        rx.el.svg(
            rx.el.path(d="M5 19V9M10 19V5M15 19v-7M20 19v-4", class_name="brand-bars"),
            view_box="0 0 24 24",
            width="20",
            height="20",
            aria_hidden="true",
        ),
        rx.el.span(T.product, class_name="nav-text"),
        class_name="brand",
    )


def nav_links(route: str) -> rx.Component:
    """The links to the pages. The current page is marked, also on its subpages."""
    here = route and f"/{route.lstrip('/').partition('/')[0]}"
    return rx.el.nav(
        rx.el.ul(
            *(
                rx.el.li(
                    link(
                        rx.icon(icon, size=18),
                        rx.el.span(title, class_name="nav-text"),
                        rx.el.kbd(f"g {key}", aria_hidden="true", class_name="nav-text"),
                        to=path,
                        title=title,
                        custom_attrs={"aria-current": "page"} if path == here else {},
                        class_name="nav-link",
                    )
                )
                for path, title, icon, key in PAGES
            )
        ),
        aria_label=T.navigation,
    )


def drawer(route: str) -> rx.Component:
    """The links to the pages in a drawer, for narrow screens."""
    return client.Drawer.create(
        nav_links(route),
        label=T.open_navigation,
        title=T.product,
        close_label=T.close,
    )


def _keys(on_refresh: rx.EventHandler | None) -> rx.Component:
    events = {} if on_refresh is None else {"on_refresh": on_refresh}
    return client.Keys.create(
        routes={key: path for path, _, _, key in PAGES},
        shortcuts=[list(pair) for pair in SHORTCUTS],
        title=T.shortcuts,
        label=T.shortcuts,
        close_label=T.close,
        **events,
    )
