"""What is measured on which database. A profile is data; add one here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ksys_app.domain.windows import LABELS


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of site.

    Attributes:
        about: what it is, in one line.
        fill: the command that fills such a database; empty if the bench creates it.
        windows: windows of one tag's series.
        tile_windows: windows of the tiles.
        tag_counts: numbers of tags for which the tile query runs, besides all tags.
        clients: how many HTTP clients ask at the same time.
        screens: how many screens are open at the same time, one number after another.
        ticks: how many ticks each number of screens is watched for.
        tick_s: seconds between ticks.
        freed_s: seconds after the last screen until the memory is read: the app gives it back after
            one to two minutes.
        times: most runs that a figure is made of.
        seconds: after this time, a figure is computed from the runs so far, at least from five.
        inserts: statements of each size that are written beside a plain table.
        badges: tags whose badges are judged.
        chart: whether pages are measured that need the demo's nine tags.
    """

    about: str
    fill: str = ""
    windows: tuple[str, ...] = ("5m", "24h", "7d", "30d", "12m")
    tile_windows: tuple[str, ...] = LABELS
    tag_counts: tuple[int, ...] = (1, 10, 100, 1000)
    clients: tuple[int, ...] = (1, 8)
    screens: tuple[int, ...] = (1, 20, 300)
    ticks: int = 6
    tick_s: float = 10.0
    freed_s: float = 130.0
    times: int = 20
    seconds: float = 15.0
    inserts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    badges: int = 2000
    chart: bool = False


# Name, then seconds of nine tags in one statement and the number of statements.
INSERTS = {"9 rows": (1, 200), "900 rows": (100, 40), "45,000 rows": (5000, 6)}
PROFILES: Mapping[str, Profile] = {
    "small": Profile(
        about="an embedded database with the demo's nine tags and 400 days",
        tag_counts=(1, 3, 9),
        tick_s=5.0,
        inserts=INSERTS,
        chart=True,
    ),
    "year": Profile(
        about="nine tags, a year with a sample every 5 s",
        fill="ksys demo --scale 9 --days 365 --every 5 --server",
        tag_counts=(1, 3, 9),
        inserts=INSERTS,
    ),
    "wide": Profile(
        about="2,000 tags, a week of seconds",
        fill="ksys demo --scale 2000 --days 7 --server",
        windows=("5m", "24h", "7d"),
        inserts=INSERTS,
    ),
}
# The short form that make test runs. It proves that every figure is measured. Its times mean
# nothing.
TINY = Profile(
    about="nine tags of a test",
    windows=("5m", "24h"),
    tile_windows=("5m", "24h"),
    tag_counts=(1, 3),
    clients=(1, 2),
    screens=(1, 2),
    ticks=1,
    tick_s=1.0,
    freed_s=0.0,
    times=1,
    seconds=1.0,
    inserts={"9 rows": (1, 1)},
    badges=20,
)
