"""The pages of the app. A page binds a state to components. The app's look is set here too."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import reflex as rx
from reflex.app import default_error_boundary
from reflex.config import get_config

from ksys_app.components.feedback import crash_box
from ksys_app.components.words import T, filled
from ksys_app.pages import (
    admin,
    alarms,
    comm,
    dashboard,
    explore,
    limits,
    lost,
    tech,
    trend,
    wall,
)
from ksys_app.states.place import PlaceState

STYLESHEETS = (
    "tokens",
    "shell",
    "tiles",
    "tables",
    "series",
    "comm",
    "alarms",
    "overlays",
    "access",
    "limits",
    "print",
)
MODULES = {"/": dashboard, "/trend": trend, "/tech": tech, "/explore": explore, "/comm": comm}

# A page that was opened without the base path, e.g. on the app's own port, is redirected to it.
HOME: Final = (
    '(location.pathname+"/").startsWith("ROOT")||'
    'location.replace("ROOT"+location.pathname.slice(1)+location.search+location.hash)'
)


def app_style() -> dict[str, Any]:
    """The arguments of ``rx.App`` for the look: style sheets, head and error boundary.

    Reflex's own overlay and toasts are switched off, because the status bar shows the same.
    """
    root = get_config().prepend_frontend_path("/")
    home = {"__html": HOME.replace("ROOT", root)}
    return {
        "stylesheets": [f"look/{name}.css" for name in STYLESHEETS],
        "reset_style": False,
        "toaster": None,
        "html_lang": "en",
        "head_components": [
            rx.el.link(rel="icon", href=f"{root}favicon.svg", type="image/svg+xml"),
            rx.el.meta(name="color-scheme", content="light dark"),
            # `ksys check --url` reads from it that this is a page of the app, and its base path.
            rx.el.meta(name="ksys-base", content=root),
            rx.el.script(custom_attrs={"dangerouslySetInnerHTML": home}),
        ],
        "app_wraps": {(55, "ErrorBoundary"): _boundary},
    }


def add_pages(app: rx.App) -> None:
    """Add all pages to ``app``, and the page for addresses that do not exist."""
    app.add_page(lost.page, route=lost.ROUTE, title=filled(T.page_title, page=lost.TITLE))
    fetched = [(module.ROUTE, module.TITLE, module.page) for module in (admin, limits, wall)]
    for path, name, page in (*fetched, *alarms.PAGES):
        app.add_page(
            page, route=path, title=filled(T.page_title, page=name), on_load=PlaceState.tell_place
        )
    for route, module in MODULES.items():
        app.add_page(
            partial(module.page, route),
            route=route,
            title=filled(T.page_title, page=module.TITLE),
            on_load=module.ON_LOAD,
        )


def _boundary(stateful: bool) -> rx.Component:
    fallback = rx.Var.create(crash_box())
    return default_error_boundary(
        fallback_render=rx.vars.function.ArgsFunctionOperation.create(("failure",), fallback)
    )
