"""The statement of the tiles: of all windows, and of growing numbers of tags."""

from __future__ import annotations

from collections.abc import Sequence

from ksys_app.domain.windows import parse_window
from tests.bench.cost import point
from tests.bench.database import Bare
from tests.bench.endpoints import tiles
from tests.bench.figures import figure
from tests.bench.findings import Findings
from tests.bench.profiles import Profile
from tests.bench.rounds import Effort, Run, Work, in_turn, timed

SECTION = "Tile statement"
OF_MANY = "24h"


async def measure(profile: Profile, bare: Bare, tag: str, found: Findings) -> None:
    """Add the figures of every window, and of some numbers of tags."""
    names = await bare.names()
    for label in profile.tile_windows:
        found.say(f"tile statement: {label}")
        with found.failing(f"tile statement: {label}"):
            await _window(profile, label, bare, tag, found)
    counts = [count for count in profile.tag_counts if count < len(names)]
    for count in [*counts, len(names)]:
        found.say(f"tile statement: {count} tags")
        # Tags from all over the plant, not those of one group.
        with found.failing(f"tile statement: {count} tags"):
            await _some(profile, bare, names[:: max(1, len(names) // count)][:count], found)


async def _window(profile: Profile, label: str, bare: Bare, tag: str, found: Findings) -> None:
    works = {"all tags": None, "one tag": [tag]}
    runs = await in_turn(
        {name: _statement(bare, label, tags) for name, tags in works.items()},
        Effort(profile.times, profile.seconds),
    )
    for name, made in runs.items():
        one = found.add(figure(SECTION, label, name, "ms", [run.ms for run in made]))
        if bare.local:
            spent = [run.processor for run in made]
            found.add(figure(SECTION, label, f"{name}, database", "ms", spent))
        if name == "all tags":
            size = parse_window(label).duration.total_seconds()
            found.grows("tile statement, all tags", "history", point(size, one))


async def _some(profile: Profile, bare: Bare, tags: Sequence[str], found: Findings) -> None:
    effort = Effort(profile.times, profile.seconds)
    runs = (await in_turn({"": _statement(bare, OF_MANY, tags)}, effort))[""]
    subject = f"{OF_MANY}, {len(tags)} tag" + ("s" if len(tags) > 1 else "")
    whole = found.add(figure(SECTION, subject, "chosen tags", "ms", [run.ms for run in runs]))
    found.grows(f"tile statement, {OF_MANY}", "tags", point(len(tags), whole))


def _statement(bare: Bare, label: str, tags: Sequence[str] | None) -> Work:
    async def work() -> Run:
        statement, params = await tiles(parse_window(label), tags)
        return await timed(lambda: bare.run(statement, params), bare.processor_ms)

    return work
