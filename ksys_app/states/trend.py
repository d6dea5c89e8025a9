"""The state of ``/trend``: buckets of a tag, and its 5-minute features beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final

import reflex as rx

from ksys_app.states.base import BaseState
from ksys_app.states.series import SeriesState
from ksys_app.states.series_table import Table

HISTORY: Final = Table("buckets", ("avg", "min", "max", "last", "first", "n"))
FEATURES: Final = Table(
    "features", ("mean_5m", "std_5m", "min_5m", "max_5m", "p10_5m", "p90_5m", "n_5m")
)
TABLES: Final = {"history": HISTORY, "features": FEATURES}


class TrendState(SeriesState, BaseState):
    """Average, minimum, maximum, last and first of a tag."""

    table: str = "history"
    saved_series: str = rx.LocalStorage("", name="ksys.trend.series")

    _path: ClassVar[str] = "/trend"
    _chart: ClassVar[Table] = HISTORY
    _series: ClassVar[tuple[str, ...]] = HISTORY.columns[:-1]

    @rx.event(background=True, supersedes=True)
    async def load_trend_data(self) -> AsyncIterator[Any]:
        """Read the selection from the address, show it, then follow it while live."""
        if await self._start_page():
            await self._load()
            yield TrendState.follow

    @rx.event
    def choose_table(self, name: str) -> Any:
        """Show ``history`` or ``features`` below the chart."""
        if name not in TABLES:
            return None
        self.table = name
        self._set_page(1)
        self._clear_data()
        return self._load_selection()

    def _drop_bad_selection(self) -> None:
        self.table = "history"

    def _table(self) -> Table:
        return TABLES[self.table]

    def _selection(self) -> tuple[str, ...]:
        return (*super()._selection(), self.table)

    def _read_selection(self) -> None:
        super()._read_selection()
        table = self._query().get("table", "")
        self.table = table if table in TABLES else "history"

    def _link(self) -> str:
        link = super()._link()
        return link if self.table == "history" else f"{link}&table={self.table}"
