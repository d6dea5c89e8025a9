"""The one tag of a page: its name, title and unit, and its current state."""

from __future__ import annotations

import reflex as rx

from ksys_app.models.rows import QcRule
from ksys_app.models.views import Standing


class CurrentTag(rx.State, mixin=True):
    """The tag of a page. ``standing`` is a list with its current state; empty until it is read."""

    tag: str = ""
    unit: str = ""
    title: str = ""
    standing: list[Standing] = []

    def _set_tag(self, tag: str) -> None:
        """Switch to ``tag``. If it is another tag, forget what was read of the previous one."""
        if tag != self.tag:
            self.tag, self.unit, self.title, self.standing = tag, "", "", []

    def _set_rule(self, rule: QcRule | None, now: list[Standing] | None) -> None:
        """Set title and unit from the rule, and ``standing`` from ``now``; None keeps it."""
        self.unit = "" if rule is None else rule.unit
        self.title = "" if rule is None else rule.title
        if now is not None and now != self.standing:
            self.standing = now
