"""Reflex's configuration. The built pages know no host and no port: see SameOrigin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import reflex as rx

from ksys_app.components.tokens import tailwind_theme

PLACEHOLDER = "ksys.invalid"
_URL = re.compile(r"""(["'`])(http|ws)s?://ksys\.invalid(/[\w./-]*)?\1""")


class SameOrigin(rx.plugins.Plugin):
    """Turns the addresses that Reflex bakes into the build into the page's own origin.

    One build then works on any port, host and behind any proxy that ends TLS.
    """

    def post_build(self, **context: Any) -> None:
        """Rewrite the built scripts.

        Raises:
            RuntimeError: a baked address is missing, or in a place that was not foreseen.
        """
        static_dir = Path(context["static_dir"])
        found = 0
        for script in static_dir.rglob("*.js"):
            text, count = _URL.subn(_origin, script.read_text(encoding="utf-8"))
            if count:
                script.write_text(text, encoding="utf-8")
                found += count
        left = [
            path.name
            for path in static_dir.rglob("*")
            if path.suffix in {".js", ".html", ".json", ".css"}
            and PLACEHOLDER in path.read_text(encoding="utf-8")
        ]
        if not found or left:
            where = ", ".join(left) or "no script"
            raise RuntimeError(
                f"the build holds its server's address where it was not expected ({where}); "
                "SameOrigin in rxconfig.py has to learn the new place"
            )


def _origin(match: re.Match[str]) -> str:
    scheme, path = match[2], match[3] or ""
    origin = 'location.origin.replace(/^http/,"ws")' if scheme == "ws" else "location.origin"
    return f'({origin}+"{path}")'


config = rx.Config(
    app_name="ksys_app",
    api_url=f"http://{PLACEHOLDER}",
    deploy_url=None,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    cors_allowed_origins=[],
    loglevel=rx.constants.LogLevel.ERROR,
    frontend_lazy_bundled_libraries=True,
    plugins=[
        rx.plugins.TailwindV4Plugin(config={"theme": tailwind_theme(), "plugins": []}),
        SameOrigin(),
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
