"""Reflex's configuration. The built pages know no host, port and path: see SameOrigin."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import reflex as rx

from ksys_app import reflex_packages
from ksys_app.base_path import ENDPOINTS, PLACEHOLDER as BASE
from ksys_app.components.tokens import tailwind_theme

PLACEHOLDER = "ksys.invalid"
_URL = re.compile(r"""(["'`])(http|ws)s?://ksys\.invalid(/[\w./-]*)?\1""")
CLIENT = "utils/state.js"
DEVELOPMENT_SERVER = "vite.config.js"
ENDPOINT = "const endpoint = new URL(url_str);"
# What Reflex's client is made to do otherwise; each matches its own replacement too, since a build
# may find the file of the one before.
CLIENT_CHANGES = {
    # It takes it that TLS on these hosts is always on port 443.
    "const SAME_DOMAIN_HOSTNAMES = [];": r"const SAME_DOMAIN_HOSTNAMES = \[[^\]]*\];",
    # The development server does not rewrite the address that is baked in.
    f"{ENDPOINT} endpoint.host = globalThis.location?.host ?? endpoint.host;": (
        re.escape(ENDPOINT) + r"(?: endpoint\.host = [^;]*;)?"
    ),
    # It takes the path of the websocket, base path and all, for the name of the namespace on it.
    'io(endpoint.origin + "/_event", {': r'io\(endpoint\.(?:href|origin \+ "/_event"), \{',
}


class SameOrigin(rx.plugins.Plugin):
    """Turns the addresses that Reflex bakes into the build into the page's own origin.

    One build then works on any port, host and behind any proxy that ends TLS. The path is the one
    that stands for the base path; the serving process puts the site's own in its place.
    """

    def pre_compile(self, **context: Any) -> None:
        """Let the client reach the websocket on any port and under any path."""
        context["add_modify_task"](CLIENT, _changed_client)
        context["add_modify_task"](DEVELOPMENT_SERVER, _with_endpoints)

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


def _with_endpoints(vite: str) -> str:
    """The development server, passing on to the app what is no page: one origin here, too."""
    app = {"target": f"http://127.0.0.1:{config.backend_port}", "ws": True}
    proxied = json.dumps({f"/{name}": app for name in sorted(ENDPOINTS)})
    begin = "\n  server: {\n"
    if vite.count(begin) != 1:
        raise RuntimeError(f"{DEVELOPMENT_SERVER} has no server of its own any more")
    return vite.replace(begin, f"{begin}    proxy: {proxied},\n")


def _changed_client(script: str) -> str:
    for wanted, former in CLIENT_CHANGES.items():
        script, count = re.subn(former, lambda _, text=wanted: text, script)
        if count != 1:
            raise RuntimeError(
                f"{CLIENT} has {count} places like {wanted!r}; SameOrigin in rxconfig.py has to "
                "learn how Reflex's client works now"
            )
    return script


def _origin(match: re.Match[str]) -> str:
    scheme, path = match[2], match[3] or ""
    origin = 'location.origin.replace(/^http/,"ws")' if scheme == "ws" else "location.origin"
    return f'({origin}+"{BASE}{path}")'


if os.environ.get("REFLEX_FRONTEND_PATH") != BASE:
    # Not our own build: reflex run, for somebody who works on the pages.
    reflex_packages.use_own_node()
    reflex_packages.keep_to_lock()

config = rx.Config(
    app_name="ksys_app",
    backend_host="127.0.0.1",
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
