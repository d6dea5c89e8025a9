"""Saved views: their menu, the kiosk mode of pages, and the wall of views (PRD §33.10)."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.shell import POPOVER


class Views(rx.Component):
    """The menu of saved views: opens, changes and deletes views, and saves the current one."""

    library = library("views/loader.jsx")
    tag = "Views"
    lib_dependencies: list[str] = POPOVER


class Kiosk(rx.Component):
    """The head of a page in kiosk mode; empty unless the address has ``kiosk=1``.

    Attributes:
        title: the title of the page.
    """

    library = library("views/loader.jsx")
    tag = "Kiosk"

    title: rx.Var[str]


class Wall(rx.Component):
    """Starts the wall with the views in the address; without any, lets the user choose them."""

    library = library("views/loader.jsx")
    tag = "Wall"
