"""``/limits``: the limits of one tag or of all tags. The browser fetches them (PRD §32.9)."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.limits import LimitsBoard
from ksys_app.components.layout import Place, shell
from ksys_app.components.words import ED
from ksys_app.states.place import PlaceState as State

TITLE = ED.nav
ROUTE = "/limits"


def page() -> rx.Component:
    """The page."""
    return shell(ROUTE, TITLE, LimitsBoard.create(), place=Place.of(State))
