"""``/wall``: saved views that a screen shows in turn (PRD §33.10)."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.views import Wall
from ksys_app.components.layout import Place, shell
from ksys_app.components.words import T
from ksys_app.states.place import PlaceState as State

TITLE = T.wall_title
ROUTE = "/wall"


def page() -> rx.Component:
    """The page. The browser shows the first view, or lets a person choose views."""
    return shell(ROUTE, TITLE, Wall.create(), place=Place.of(State))
