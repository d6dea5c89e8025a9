"""What every page shows, and what it keeps in this browser: database, zone, last selection."""

from __future__ import annotations

import reflex as rx

from ksys_app import __version__, runtime


class BaseState(rx.State):
    """Shared by the pages; substates add their own selections."""

    zone: str = "UTC"
    database: str = ""
    version: str = __version__
    saved_window: str = rx.LocalStorage("", name="ksys.window")
    saved_tag: str = rx.LocalStorage("", name="ksys.tag")

    def _fill_footer(self) -> None:
        now = runtime.current()
        self.zone = now.settings.tz
        self.database = now.database.name
