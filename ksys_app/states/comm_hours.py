"""The part of ``/comm`` by hours: the grids and outages of some tags, and the selected hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import reflex as rx

from ksys_app import log
from ksys_app.models.comm import Alive
from ksys_app.models.comm_views import CardView, CellsView, OutageView, SummaryView
from ksys_app.models.message import Message
from ksys_app.services.comm_page import Report
from ksys_app.states import comm_address as address, comm_views as views
from ksys_app.states.loading import LoadingState

MAX_OUTAGES: Final = 500


class HoursState(LoadingState, mixin=True):
    """The grids of up to nine tags, and the selected hour of one of them."""

    tag_names: list[str] = []
    cells: list[CellsView] = []
    outages: list[OutageView] = []
    summaries: list[SummaryView] = []
    outage_count: int = 0
    silent: list[Message] = []
    card: CardView = CardView()

    _reports: dict[str, Report] = {}
    _cell_tag: str = ""
    _bucket: datetime | None = None

    @rx.event
    def select_cell(self, ts: str, tag: str = "") -> None:
        """Select the hour that begins at ``ts`` (ISO 8601) of ``tag``, or of the first tag."""
        report = self._reports.get(tag or next(iter(self.tag_names), ""))
        bucket = address.parse_hour(ts)
        card = None if report is None or bucket is None else views.card_view(report, bucket)
        if card is None:
            return
        self.card, self._cell_tag, self._bucket = card, card.tag, bucket
        self.link = self._link()
        log.event("comm_cell_select", tag=card.tag, range=card.utc_s, view="comm_recv_1h")

    @rx.event
    def clear_cell(self) -> None:
        """Clear the selected hour."""
        self.card, self._bucket = CardView(), None
        self.link = self._link()

    def _clear_hours(self) -> None:
        self.cells, self.outages, self.summaries, self._reports = [], [], [], {}

    def _set_hours(self, reports: Sequence[Report], alive: Sequence[Alive]) -> None:
        self._reports = {report.row.tag_name: report for report in reports}
        self.cells = [views.cells_view(report) for report in reports]
        self.summaries = list(map(views.summary_view, reports, alive))
        runs = [run for report in reports for run in views.outage_views(report)]
        runs.sort(key=lambda run: (run.ongoing, run.last, run.tag), reverse=True)
        self.outages, self.outage_count = runs[:MAX_OUTAGES], len(runs)
        self.silent = views.no_data(reports)
        report = self._reports.get(self._cell_tag or self.tag_names[0])
        card = None
        if report is not None and self._bucket is not None:
            card = views.card_view(report, self._bucket)
        self.card = card or CardView()
        self._cell_tag, self._bucket = self.card.tag, self._bucket if card else None
