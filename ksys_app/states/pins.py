"""The pinned tags, which come first: those of this browser, or those of a link (PRD §5.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import reflex as rx

from ksys_app.domain.names import lookup_flaw
from ksys_app.domain.ordering import MAX_PINS
from ksys_app.models.views import PINNED
from ksys_app.states.held_order import HeldOrder
from ksys_app.states.shown_tiles import ShownTiles
from ksys_app.states.views import names_in, names_text

# The most characters of stored pins. A browser sends them with the first message of each page.
MAX_PINNED: Final = 50_000


class PinnedTags(HeldOrder, ShownTiles, mixin=True):
    """The pins that this browser stores; those of a link are shown until a person stores them."""

    saved_pins: str = rx.LocalStorage("[]", name="ksys.pins")
    # The pins of a link, written as saved_pins; empty if the pins of this browser are shown.
    linked_pins: str = ""

    @rx.event
    def toggle_pin(self, tag: str) -> None:
        """Pin a tag, or unpin it if it is pinned."""
        pins = self._pins()
        if tag in pins:
            pins.remove(tag)
        elif len(pins) < MAX_PINS and self._tile_of(tag) is not None:
            pins.append(tag)
        self._store_pins(pins, linked=self.linked_pins != "")

    @rx.event
    def keep_pins(self) -> None:
        """Store the pins of the link in this browser, in place of its own pins."""
        if self.linked_pins:
            self._store_pins(self._pins(), linked=False)

    @rx.event
    def own_pins(self) -> Any:
        """Show the pins of this browser again, and load the tags that the page lacks."""
        self._store_pins(_parse_pins(self.saved_pins), linked=False)
        return self._load_selection()

    def _load_selection(self) -> Any:
        """The events that load the selection."""
        raise NotImplementedError

    def _store_pins(self, pins: list[str], *, linked: bool) -> None:
        """Set the pins of the link or of this browser, and show them. Too many pins are refused."""
        text = json.dumps(pins, ensure_ascii=False)
        if len(text) > MAX_PINNED:
            return
        if linked:
            self.linked_pins = text
        else:
            self.saved_pins, self.linked_pins = text, ""
        self._show_tiles()
        self._show_selection()

    def _read_pins(self, query: Mapping[str, str]) -> None:
        """Set the pins of the link, unless they equal the pins of this browser."""
        valid_names = [
            name for name in names_in(query.get("pins", "")) if lookup_flaw(name) is None
        ]
        pins = list(dict.fromkeys(valid_names))[:MAX_PINS]
        text = json.dumps(pins, ensure_ascii=False)
        no_link_pins = (
            not pins or set(pins) == set(_parse_pins(self.saved_pins)) or len(text) > MAX_PINNED
        )
        self.linked_pins = "" if no_link_pins else text

    def _pins(self) -> list[str]:
        """The shown pins: those of the link, else those of this browser."""
        return _parse_pins(self.linked_pins or self.saved_pins)

    def _pins_text(self, only: str) -> str:
        """The pins as text for the link, if only pins are shown or the pins are of a link."""
        return names_text(self._pins()) if only == PINNED or self.linked_pins else ""


def _parse_pins(text: str) -> list[str]:
    """The pins of a stored text. A browser may store any text; a wrong one has no pins."""
    try:
        pins = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [str(tag) for tag in pins][:MAX_PINS] if isinstance(pins, list) else []
