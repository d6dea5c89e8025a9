"""The tags that a browser keeps in front."""

from __future__ import annotations

import json
from typing import Final

import reflex as rx

from ksys_app.states.held import HeldOrder
from ksys_app.states.shown_tiles import ShownTiles

MAX_PINS: Final = 50
# Characters. A browser sends them with the first message of each page.
MAX_PINNED: Final = 50_000


class Pinned(HeldOrder, ShownTiles, mixin=True):
    """Pins, kept in this browser."""

    saved_pins: str = rx.LocalStorage("[]", name="ksys.pins")

    @rx.event
    def toggle_pin(self, tag: str) -> None:
        """Keep a tag in front, or no longer; kept in this browser."""
        pins = self._pins()
        if tag in pins:
            pins.remove(tag)
        elif len(pins) < MAX_PINS and self._tile_of(tag) is not None:
            pins.append(tag)
        pinned = json.dumps(pins, ensure_ascii=False)
        if len(pinned) <= MAX_PINNED:
            self.saved_pins = pinned
            self._let_go()
            self._place()

    def _pins(self) -> list[str]:
        try:
            pins = json.loads(self.saved_pins or "[]")
        except ValueError:
            return []
        return [str(tag) for tag in pins][:MAX_PINS] if isinstance(pins, list) else []
