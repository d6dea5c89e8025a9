"""The state that all pages share: database, zone, and the last selection of this browser."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app import __version__
from ksys_app.domain.names import lookup_flaw
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.states.captions import replica_note


class BaseState(rx.State):
    """The state that all pages share. The state of each page adds its own selection."""

    zone: str = "UTC"
    database: str = ""
    version: str = __version__
    # How far a read replica is behind its primary; an empty message for a primary.
    replica: Message = Message()
    # The last window of the pages of series. The dashboard has a window of its own.
    saved_span: str = rx.LocalStorage("", name="ksys.span")
    saved_tag: str = rx.LocalStorage("", name="ksys.tag")
    # The last range of these pages in this tab; empty for a window. A new tab starts with a window.
    saved_range: str = rx.SessionStorage("", name="ksys.range")

    def _set_changed(self, **values: Any) -> None:
        """Set the vars whose values change. An unchanged var is not sent to the browser again."""
        for name, value in values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _query(self) -> dict[str, str]:
        """Name to value, for the query of the address; the last value of a repeated name."""
        return dict(self.router.url.query_parameters)

    def _load_selection(self) -> Any:
        """The events that load the selection; None for a page without data."""
        return None

    def _last_tag(self) -> str:
        """The tag that this browser showed last; empty if there is none, or its name is invalid."""
        return "" if lookup_flaw(self.saved_tag) else self.saved_tag

    def _fill_footer(self) -> None:
        now = runtime.current()
        self.zone = now.settings.tz
        self.database = now.database.name
        self._set_replica()

    def _set_replica(self) -> None:
        self._set_changed(replica=replica_note(runtime.current().database.standby.replica))
