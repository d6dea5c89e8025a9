"""Reads the details of one tag that its tile does not have."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ksys_app.domain.spell import Spell
from ksys_app.domain.windows import parse_window
from ksys_app.errors import BadParameter
from ksys_app.models.rows import QcRule, Sample
from ksys_app.models.series import Feature
from ksys_app.models.tiles import Tile
from ksys_app.queries import features
from ksys_app.services.calculated_figures import feature_rows
from ksys_app.services.catalogue import find_calculated
from ksys_app.services.rules import rule_of
from ksys_app.services.tag_state import find_spell, samples_until


@dataclass(frozen=True, slots=True)
class Detail:
    """The detail of a tag.

    Attributes:
        rule: its rule.
        samples: its raw samples of the last hour, ascending.
        feature: its newest 5-minute features, None if there are none.
        spell: the state by its limits and when it began; None if that is unknown.
    """

    rule: QcRule | None
    samples: list[Sample]
    feature: Feature | None
    spell: Spell | None


async def read_detail(tile: Tile, now: datetime | None) -> Detail:
    """The detail of a tag.

    Args:
        tile: the tag's tile.
        now: the database's clock of the tiles; newer samples are not read.

    Raises:
        KsysError: the database cannot be read.
    """
    rule = await rule_of(tile.title)
    samples = await samples_until(tile.title, now)
    feature = await _newest_feature(tile.title)
    spell = None if now is None else await find_spell(tile, rule, samples, now)
    return Detail(rule, samples, feature, spell)


async def _newest_feature(tag: str) -> Feature | None:
    """The newest 5-minute features of a tag; None if it has none, or no samples of its own."""
    window = parse_window("10m")
    rows = (await features.history(tag, window, cap=1)).rows
    if not rows and await find_calculated(tag) is not None:
        with suppress(BadParameter):
            rows = (await feature_rows(tag, window)).rows
    return rows[-1] if rows else None
