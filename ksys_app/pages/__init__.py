"""Pages bind a state to components; the app takes them, and its look, from here."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import reflex as rx
from reflex.app import default_error_boundary
from reflex.config import get_config

from ksys_app.components.feedback import crash_box
from ksys_app.components.words import T, filled
from ksys_app.pages import admin, alarms, comm, dashboard, limits, lost, tech, trend
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
MODULES = {"/": dashboard, "/trend": trend, "/tech": tech, "/comm": comm}

# A page that was opened past the base path, on the app's own port for example, goes there.
HOME: Final = (
    '(location.pathname+"/").startsWith("ROOT")||'
    'location.replace("ROOT"+location.pathname.slice(1)+location.search+location.hash)'
)


def app_style() -> dict[str, Any]:
    """Arguments of ``rx.App`` that concern the look.

    Reflex's own overlay and toasts are left out: the status bar says what they would.
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
            # Says to `ksys check --url` whose page it is, and where that app takes itself to be.
            rx.el.meta(name="ksys-base", content=root),
            rx.el.script(custom_attrs={"dangerouslySetInnerHTML": home}),
        ],
        "app_wraps": {(55, "ErrorBoundary"): _boundary},
    }


def add_pages(app: rx.App) -> None:
    """Add the pages to ``app``, and the one of addresses that no page has."""
    app.add_page(lost.page, route=lost.ROUTE, title=filled(T.page_title, page=lost.TITLE))
    fetched = [(one.ROUTE, one.TITLE, one.page) for one in (admin, limits)]
    for path, name, made in (*fetched, *alarms.PAGES):
        app.add_page(
            made, route=path, title=filled(T.page_title, page=name), on_load=PlaceState.tell_place
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
