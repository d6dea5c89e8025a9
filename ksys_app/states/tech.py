"""The state of ``/tech``: moving averages, bands and slope of a tag."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final, get_args

import reflex as rx

from ksys_app.domain.indicators import Band
from ksys_app.states.base import BaseState
from ksys_app.states.series import SeriesState
from ksys_app.states.series_table import Table

COLUMNS: Final = ("avg", "sma_10", "sma_60", "bb_top", "bb_bot", "slope_60")
BANDS: Final[dict[str, Band]] = {band: band for band in get_args(Band)}


class TechState(SeriesState, BaseState):
    """Average, SMA 10, SMA 60, bands and slope of a tag."""

    band: str = "plant"
    saved_series: str = rx.LocalStorage("", name="ksys.tech.series")
    saved_band: str = rx.LocalStorage("", name="ksys.tech.band")

    _path: ClassVar[str] = "/tech"
    _chart: ClassVar[Table] = Table("indicators", COLUMNS)
    _series: ClassVar[tuple[str, ...]] = COLUMNS

    @rx.event(background=True, supersedes=True)
    async def load_indicators_data(self) -> AsyncIterator[Any]:
        """Read the selection from the address, show it, then follow it while live."""
        if await self._start_page():
            await self._load()
            yield TechState.follow

    @rx.event
    def choose_band(self, name: str) -> Any:
        """Show the plant's bands around the average, or Bollinger's bands around SMA 20."""
        if name not in BANDS:
            return None
        self.band = self.saved_band = name
        return self._load_selection()

    def _band(self) -> Band:
        return BANDS[self.band]

    def _selection(self) -> tuple[str, ...]:
        return (*super()._selection(), self.band)

    def _chart_params(self) -> dict[str, str]:
        band = {} if self.band == "plant" else {"band": self.band}
        return super()._chart_params() | band

    def _read_selection(self) -> None:
        super()._read_selection()
        band = self._query().get("band") or self.saved_band
        self.band = band if band in BANDS else "plant"
