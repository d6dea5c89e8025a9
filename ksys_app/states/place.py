"""The state of pages whose data the browser fetches: zone, database and replica."""

from __future__ import annotations

import reflex as rx

from ksys_app.states.base import BaseState


class PlaceState(BaseState):
    """The zone, the database and its replica, shown in the footer."""

    @rx.event
    def tell_place(self) -> None:
        """Set the values of the footer, and the zone in which times are shown."""
        self._fill_footer()
