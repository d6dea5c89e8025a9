"""Where the data come from, for pages whose browser fetches the data itself."""

from __future__ import annotations

import reflex as rx

from ksys_app.states.base import BaseState


class PlaceState(BaseState):
    """Zone, database and replica."""

    @rx.event
    def tell_place(self) -> None:
        """Fill the footer, and name the zone in which times are shown."""
        self._fill_footer()
