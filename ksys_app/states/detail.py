"""The detail of one tag: how it stands now, and what its tile has no room for."""

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
    """The dialog of one tag; its value and state are those of its tile, tick by tick.

    ``standing`` holds how the tag stands, nothing while no dialog is open.
    """

    detail_open: bool = False
    detail_loading: bool = False
    detail: DetailView = DetailView()
    standing: list[Standing] = []

    # The tag of the rule and the spell below; empty before they are read.
    _detail_of: str = ""
    _detail_rule: QcRule | None = None
    _detail_spell: Spell | None = None

    @rx.event
    def open_detail(self, tag: str) -> Any:
        """Open the detail of a tag: how it stands, its rule, newest samples and features."""
        if self._tile_of(tag) is None:
            return None
        self.detail, self.standing = DetailView(title=tag), []
        self._detail_of = ""
        self.detail_open = self.detail_loading = True
        return self.__class__.read_detail

    @rx.event
    def close_detail(self) -> None:
        """Close the detail."""
        self.detail_open, self.standing = False, []

    @rx.event(background=True, supersedes=True)
    async def read_detail(self) -> None:
        """Read the open detail again, as of the same moment as the tiles behind it."""
        async with self:
            tile = self._tile_of(self.detail.title) if self.detail_open else None
            if tile is None or self._tile_set is None:
                return
            now = self._tile_set.db_now
        try:
            read = await read_detail(tile, now)
        except KsysError as error:
            async with self:
                # What was read before stays on the page, as the tiles do.
                if self.detail_loading and self.detail.title == tile.title:
                    self.detail = DetailView(title=tile.title, note=error.said)
                    self.detail_loading = False
            return
        async with self:
            if self.detail_open and self.detail.title == tile.title:
                self.detail = _view(tile, read, runtime.current().zone)
                self.detail_loading = False
                self._detail_of = tile.title
                self._detail_rule, self._detail_spell = read.rule, read.spell
                self._stand()

    def _stand(self) -> None:
        """Show how the tag of the open dialog stands in the tiles at hand."""
        tile = self._tile_of(self.detail.title) if self.detail_open else None
        if tile is None or self._detail_of != tile.title:
            return
        now = standing(tile, self._detail_rule, self._detail_spell)
        if self.standing != [now]:
            self.standing = [now]


def _view(tile: Tile, read: Detail, zone: ZoneInfo) -> DetailView:
    """What the dialog of a tag holds beside the standing."""
    rule, feature = read.rule, read.feature
    return DetailView(
        title=tile.title,
        subtitle="" if rule is None else rule.title,
        limits=[] if rule is None else _limits(rule),
        samples=[
            SampleView(local_offset(sample.ts, zone), figure(sample.value, tile.places))
            for sample in read.samples[: -LISTED - 1 : -1]
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
