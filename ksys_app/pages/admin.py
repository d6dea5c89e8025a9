"""``/admin``: open sessions and the audit log, for administrators."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.admin import AdminBoard
from ksys_app.components.layout import Place, shell
from ksys_app.components.words import ACCESS
from ksys_app.states.place import PlaceState as State

TITLE = ACCESS.admin
ROUTE = "/admin"


def page() -> rx.Component:
    """The page. The browser fetches its data."""
    return shell(ROUTE, TITLE, AdminBoard.create(), place=Place.of(State))
