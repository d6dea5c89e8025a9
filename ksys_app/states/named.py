"""The tag that a page is about: its name, what it measures, and how it stands now."""

from __future__ import annotations

import reflex as rx

from ksys_app.models.rows import QcRule
from ksys_app.models.views import Standing


class NamedTag(rx.State, mixin=True):
    """One tag; ``standing`` holds how it stands, nothing while that is not known."""

    tag: str = ""
    unit: str = ""
    title: str = ""
    standing: list[Standing] = []

    def _name(self, tag: str) -> None:
        """Turn to a tag. Of another tag than before, nothing is known yet."""
        if tag != self.tag:
            self.tag, self.unit, self.title, self.standing = tag, "", "", []

    def _know(self, rule: QcRule | None, now: list[Standing] | None) -> None:
        """Set what the tag measures and how it stands; None leaves ``standing`` as it is."""
        self.unit = "" if rule is None else rule.unit
        self.title = "" if rule is None else rule.title
        if now is not None and now != self.standing:
            self.standing = now
