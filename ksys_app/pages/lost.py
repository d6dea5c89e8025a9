"""The page for an address that does not exist: the shell, and a link to the dashboard."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.feedback import lost_box
from ksys_app.components.layout import Place, shell
from ksys_app.components.words import T
from ksys_app.states.base import BaseState as State

TITLE = T.lost_title
ROUTE = "404"


def page() -> rx.Component:
    """The page. It reads nothing from the database."""
    return shell("", TITLE, lost_box(), place=Place.of(State))
