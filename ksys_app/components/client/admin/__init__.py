"""The administration page."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library


class AdminBoard(rx.Component):
    """Open sessions, which can be ended, and the audit log; other users see why they may not."""

    library = library("admin/adminboard.jsx")
    tag = "AdminBoard"
