"""Limits: of one tag with preview and history, or of many at once. The browser fetches them."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library


class LimitsBoard(rx.Component):
    """The editor of the tag in the address; without a tag, the limits of all tags."""

    library = library("limits/limitsboard.jsx")
    tag = "LimitsBoard"
