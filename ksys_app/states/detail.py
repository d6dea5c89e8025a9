"""The detail of one tag: what its tile has no room for."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ksys_app import texts
from ksys_app.domain.kpi import value_label
from ksys_app.domain.timefmt import local_offset
from ksys_app.domain.windows import parse_window
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Feature
from ksys_app.models.tiles import Tile
from ksys_app.models.views import DetailView, Limit, SampleView
from ksys_app.queries import features as feature_rows
from ksys_app.queries.qc import qc_rules
from ksys_app.queries.realtime import newest_samples

LIMITS = (
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
)
FEATURES = ("mean_5m", "std_5m", "min_5m", "max_5m", "p10_5m", "p90_5m")


async def load_detail(tile: Tile, zone: ZoneInfo) -> DetailView:
    """Rule limits, the newest samples and the newest 5-minute features of a tag.

    Raises:
        KsysError: the database cannot be asked.
    """
    rules = {rule.tag_name: rule for rule in (await qc_rules()).rows}
    samples = (await newest_samples(tile.title)).rows
    features = (await feature_rows.history(tile.title, parse_window("10m"), cap=1)).rows
    rule = rules.get(tile.title)
    return DetailView(
        title=tile.title,
        subtitle="" if rule is None else str(rule.meta.get("title", "")),
        limits=[] if rule is None else _limits(rule),
        samples=[
            SampleView(local_offset(sample.ts, zone), value_label(sample.value, tile.places))
            for sample in samples
        ],
        features=[] if not features else _features(features[0], tile.places),
        note=texts.detail_note(rule),
    )


def _limits(rule: QcRule) -> list[Limit]:
    values = ((name, getattr(rule, name)) for name in LIMITS)
    return [Limit(name, f"{value:g}") for name, value in values if value is not None]


def _features(row: Feature, places: int) -> list[Limit]:
    figures = [Limit(name, value_label(getattr(row, name), places)) for name in FEATURES]
    return [*figures, Limit("n_5m", str(row.n_5m))]
