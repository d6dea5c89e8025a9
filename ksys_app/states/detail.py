"""The dialog of one tag: its current state, and what its tile does not show."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

import reflex as rx

from ksys_app.domain.figures import brief, figure
from ksys_app.domain.spell import Spell
from ksys_app.domain.timefmt import local_offset, local_seconds
from ksys_app.errors import KsysError
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Feature
from ksys_app.models.tiles import Tile
from ksys_app.models.views import DetailView, Limit, SampleView, Standing
from ksys_app.services import runtime
from ksys_app.services.detail import Detail, read_detail
from ksys_app.states.captions import detail_note
from ksys_app.states.shown_tiles import ShownTiles
from ksys_app.states.standing import standing

LIMITS: Final = (
    "min_val",
    "crit_min",
    "warn_min",
    "warn_max",
    "crit_max",
    "max_val",
    "max_step",
    "roc_max_per_min",
    "spike_zscore",
    "deadband_pct",
    "max_gap_seconds",
    "stuck_s",
)
FEATURES: Final = ("mean_5m", "std_5m", "min_5m", "max_5m", "p10_5m", "p90_5m")
LISTED: Final = 12


class TagDetail(ShownTiles, mixin=True):
    """The dialog of one tag. Its value and state follow the tile of the tag at each tick.

    ``standing`` is a list with the current state of the tag; empty while no dialog is open.
    """

    detail_open: bool = False
    detail_loading: bool = False
    detail: DetailView = DetailView()
    standing: list[Standing] = []

    # The tag of _detail_rule and _detail_spell; empty until both are read.
    _detail_of: str = ""
    _detail_rule: QcRule | None = None
    _detail_spell: Spell | None = None

    @rx.event
    def open_detail(self, tag: str) -> Any:
        """Open the dialog of a tag: its state, rule, newest samples and features."""
        if self._tile_of(tag) is None:
            return None
        self.detail, self.standing = DetailView(title=tag), []
        self._detail_of = ""
        self.detail_open = self.detail_loading = True
        return self.__class__.read_detail

    @rx.event
    def close_detail(self) -> None:
        """Close the dialog."""
        self.detail_open, self.standing = False, []

    @rx.event(background=True, supersedes=True)
    async def read_detail(self) -> None:
        """Read the data of the open dialog again, for the same time as the tiles behind it."""
        async with self:
            tile = self._tile_of(self.detail.title) if self.detail_open else None
            if tile is None or self._tile_set is None:
                return
            now = self._tile_set.db_now
        try:
            detail = await read_detail(tile, now)
        except KsysError as error:
            async with self:
                # Data of an earlier read stay on the page, as the tiles do.
                if self.detail_loading and self.detail.title == tile.title:
                    self.detail = DetailView(title=tile.title, note=error.sentence)
                    self.detail_loading = False
            return
        async with self:
            if self.detail_open and self.detail.title == tile.title:
                self.detail = _view(tile, detail, runtime.current().zone)
                self.detail_loading = False
                self._detail_of = tile.title
                self._detail_rule, self._detail_spell = detail.rule, detail.spell
                self._show_standing()

    def _show_standing(self) -> None:
        """Show the state of the dialog's tag in the newest tiles."""
        tile = self._tile_of(self.detail.title) if self.detail_open else None
        if tile is None or self._detail_of != tile.title:
            return
        now = standing(tile, self._detail_rule, self._detail_spell)
        if self.standing != [now]:
            self.standing = [now]


def _view(tile: Tile, detail: Detail, zone: ZoneInfo) -> DetailView:
    """The content of the dialog, without the current state of the tag."""
    rule, feature = detail.rule, detail.feature
    return DetailView(
        title=tile.title,
        subtitle="" if rule is None else rule.title,
        limits=[] if rule is None else _limits(rule),
        samples=[
            SampleView(local_offset(sample.ts, zone), figure(sample.value, tile.places))
            for sample in detail.samples[: -LISTED - 1 : -1]
        ],
        features=[] if feature is None else _features(feature, tile.places),
        since_s="" if feature is None else local_seconds(feature.bucket, zone),
        note=detail_note(rule),
    )


def _limits(rule: QcRule) -> list[Limit]:
    values = ((name, getattr(rule, name)) for name in LIMITS)
    return [Limit(name, brief(value)) for name, value in values if value is not None]


def _features(row: Feature, places: int) -> list[Limit]:
    figures = [Limit(name, figure(getattr(row, name), places)) for name in FEATURES]
    return [*figures, Limit("n_5m", str(row.n_5m))]
