"""The detail of one tag, beyond its tile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ksys_app.domain.spell import Spell
from ksys_app.domain.windows import parse_window
from ksys_app.models.rows import QcRule, Sample
from ksys_app.models.series import Feature
from ksys_app.models.tiles import Tile
from ksys_app.queries import features
from ksys_app.services.rules import rule_of
from ksys_app.services.standing import samples_until, since


@dataclass(frozen=True, slots=True)
class Detail:
    """The detail of a tag.

    Attributes:
        rule: its rule.
        samples: its raw samples of the last hour, ascending.
        feature: its newest 5-minute features, None where there are none.
        spell: the state by its limits, and since when; None if that is unknown.
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
    newest = (await features.history(tile.title, parse_window("10m"), cap=1)).rows
    found = None if now is None else await since(tile, rule, samples, now)
    return Detail(rule, samples, newest[0] if newest else None, found)
