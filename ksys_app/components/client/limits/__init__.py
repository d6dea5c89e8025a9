"""The page of limits. The browser fetches its data over HTTP."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library


class LimitsBoard(rx.Component):
    """The editor of the tag in the address, with preview and history; without a tag, all limits."""

    library = library("limits/limitsboard.jsx")
    tag = "LimitsBoard"
