"""The pinned tags: those that a browser keeps in front, or those of a link (PRD §5.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import reflex as rx

from ksys_app.domain.names import lookup_flaw
from ksys_app.domain.ordering import MAX_PINS
from ksys_app.models.views import PINNED
from ksys_app.states.held import HeldOrder
from ksys_app.states.shown_tiles import ShownTiles
from ksys_app.states.views import names_in, names_text

# Characters. A browser sends them with the first message of each page.
MAX_PINNED: Final = 50_000


class Pinned(HeldOrder, ShownTiles, mixin=True):
    """Pins, kept in this browser; those of a link are shown until somebody keeps them."""

    saved_pins: str = rx.LocalStorage("[]", name="ksys.pins")
    # As saved_pins; empty where the pins of this browser are shown.
    linked_pins: str = ""

    @rx.event
    def toggle_pin(self, tag: str) -> None:
        """Keep a tag in front, or no longer."""
        pins = self._pins()
        if tag in pins:
            pins.remove(tag)
        elif len(pins) < MAX_PINS and self._tile_of(tag) is not None:
            pins.append(tag)
        self._pin(pins, linked=self.linked_pins != "")

    @rx.event
    def keep_pins(self) -> None:
        """Keep the pins of the link in this browser, in place of its own."""
        if self.linked_pins:
            self._pin(self._pins(), linked=False)

    @rx.event
    def own_pins(self) -> Any:
        """Show the pins of this browser again; ask for those that are not at hand."""
        self._pin(_names(self.saved_pins), linked=False)
        return self._chosen()

    def _chosen(self) -> Any:
        """Load what is selected now."""
        raise NotImplementedError

    def _pin(self, pins: list[str], *, linked: bool) -> None:
        text = json.dumps(pins, ensure_ascii=False)
        if len(text) > MAX_PINNED:
            return
        if linked:
            self.linked_pins = text
        else:
            self.saved_pins, self.linked_pins = text, ""
        self._place()
        self._choose()

    def _read_pins(self, query: Mapping[str, str]) -> None:
        """Take the pins of the link, unless they are those of this browser."""
        found = [name for name in names_in(query.get("pins", "")) if lookup_flaw(name) is None]
        pins = list(dict.fromkeys(found))[:MAX_PINS]
        text = json.dumps(pins, ensure_ascii=False)
        own = not pins or set(pins) == set(_names(self.saved_pins)) or len(text) > MAX_PINNED
        self.linked_pins = "" if own else text

    def _pins(self) -> list[str]:
        return _names(self.linked_pins or self.saved_pins)

    def _pins_text(self, only: str) -> str:
        """The pins for the link: where they are shown alone, and where they are of a link."""
        return names_text(self._pins()) if only == PINNED or self.linked_pins else ""


def _names(text: str) -> list[str]:
    try:
        pins = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [str(tag) for tag in pins][:MAX_PINS] if isinstance(pins, list) else []
