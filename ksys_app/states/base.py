"""What every page shows, and what it keeps in this browser: database, zone, last selection."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app import __version__
from ksys_app.domain.names import lookup_flaw
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.states.captions import replica_note


class BaseState(rx.State):
    """Shared by the pages; substates add their own selections."""

    zone: str = "UTC"
    database: str = ""
    version: str = __version__
    # How far a read replica is behind; no sentence for a primary.
    replica: Message = Message()
    # The window of the pages of one tag. The dashboard has its own.
    saved_span: str = rx.LocalStorage("", name="ksys.span")
    saved_tag: str = rx.LocalStorage("", name="ksys.tag")
    # The range of these pages in this tab, empty for a window. Another visit begins up to now.
    saved_range: str = rx.SessionStorage("", name="ksys.range")

    def _become(self, **values: Any) -> None:
        """Give vars these values; a var that has its value already is not sent again."""
        for name, value in values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _query(self) -> dict[str, str]:
        """The query of the address, the last value of each name."""
        return dict(self.router.url.query_parameters)

    def _chosen(self) -> Any:
        """Load what is selected now; a page without data has nothing to load."""
        return None

    def _last_tag(self) -> str:
        """The tag that this browser showed last; empty where it has none, or no valid name."""
        return "" if lookup_flaw(self.saved_tag) else self.saved_tag

    def _fill_footer(self) -> None:
        now = runtime.current()
        self.zone = now.settings.tz
        self.database = now.database.name
        self._note_replica()

    def _note_replica(self) -> None:
        self._become(replica=replica_note(runtime.current().database.standby.replica))
