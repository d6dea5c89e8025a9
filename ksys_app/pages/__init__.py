"""Pages bind a state to components; the app takes them, and its look, from here."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.app import default_error_boundary

from ksys_app.components.feedback import crash_box
from ksys_app.components.sidebar import PAGES
from ksys_app.pages import comm, dashboard, tech, trend
from ksys_app.texts import T

STYLESHEETS = ("tokens", "shell", "tiles", "tables", "course", "comm", "overlays")
MODULES = {"/": dashboard, "/trend": trend, "/tech": tech, "/comm": comm}


def app_style() -> dict[str, Any]:
    """Arguments of ``rx.App`` that concern the look.

    Reflex's own overlay and toasts are left out: the status bar says what they would.
    """
    return {
        "stylesheets": [f"look/{name}.css" for name in STYLESHEETS],
        "reset_style": False,
        "toaster": None,
        "html_lang": "en",
        "head_components": [
            rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
            rx.el.meta(name="color-scheme", content="light dark"),
        ],
        "app_wraps": {(55, "ErrorBoundary"): _boundary},
    }


def add_pages(app: rx.App) -> None:
    """Add the four pages to ``app``."""
    for route, title, _, _ in PAGES:
        module = MODULES[route]
        app.add_page(
            lambda module=module, route=route: module.page(route),
            route=route,
            title=f"{title} · {T.product}",
            on_load=module.ON_LOAD,
        )


def _boundary(stateful: bool) -> rx.Component:
    fallback = rx.Var.create(crash_box())
    return default_error_boundary(
        fallback_render=rx.vars.function.ArgsFunctionOperation.create(("failure",), fallback)
    )
