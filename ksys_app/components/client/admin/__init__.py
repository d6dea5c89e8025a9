"""What an administrator sees."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library


class AdminBoard(rx.Component):
    """Open sessions, which can be ended, and who did what; for anybody else why not."""

    library = library("admin/adminboard.jsx")
    tag = "AdminBoard"
