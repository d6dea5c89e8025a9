"""What is shown at an address that no page has: the shell, and a way home."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.feedback import lost_box
from ksys_app.components.layout import Place, shell
from ksys_app.components.words import T
from ksys_app.states.base import BaseState as State

TITLE = T.lost_title
ROUTE = "404"


def page() -> rx.Component:
    """The page; it asks the database nothing."""
    return shell("", TITLE, lost_box(), place=Place.of(State))
