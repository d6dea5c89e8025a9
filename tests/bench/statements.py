"""The statement of the tiles: of all windows, and of growing numbers of tags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ksys_app.domain.windows import Window, parse_window
from tests.bench.cost import point
from tests.bench.database import Bare
from tests.bench.endpoints import tick, tiles
from tests.bench.figures import Figure, figure
from tests.bench.findings import HISTORY, Findings
from tests.bench.profiles import Profile
from tests.bench.rounds import Effort, Run, Work, in_turn, timed

SECTION, WORK = "Tile statement", "Tile statement, processor time of the database"
HOUR = timedelta(hours=1)
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
    window = parse_window(label)
    works = {"all tags": _whole(bare, window), "one tag": _whole(bare, window, [tag])}
    if await tick(window) is not None:
        works["all tags, tick"] = _tick(bare, window)
    runs = await in_turn(works, Effort(profile.times, profile.seconds))
    for name, measured in runs.items():
        spent = _add(label, name, measured, bare, found)
        found.grows(f"tile statement, {name}", HISTORY, point(window.duration / HOUR, spent))


async def _some(profile: Profile, bare: Bare, tags: Sequence[str], found: Findings) -> None:
    effort = Effort(profile.times, profile.seconds)
    runs = await in_turn({"": _whole(bare, parse_window(OF_MANY), tags)}, effort)
    subject = f"{OF_MANY}, {len(tags)} tag" + ("s" if len(tags) > 1 else "")
    spent = _add(subject, "chosen tags", runs[""], bare, found)
    found.grows(f"tile statement, {OF_MANY}", "tags", point(len(tags), spent))


def _add(subject: str, name: str, runs: list[Run], bare: Bare, found: Findings) -> Figure:
    """Add wall time and processor time; returns the processor time if it can be read."""
    measured = found.add(figure(SECTION, subject, name, "ms", [run.ms for run in runs]))
    if not bare.local:
        return measured
    spent = [run.processor for run in runs]
    return found.add(figure(WORK, subject, name, "ms", spent))


def _whole(bare: Bare, window: Window, tags: Sequence[str] | None = None) -> Work:
    async def work() -> Run:
        statement, params = await tiles(window, tags)
        return await timed(lambda: bare.run(statement, params), bare.processor_ms)

    return work


def _tick(bare: Bare, window: Window) -> Work:
    """What a tick reads: the buckets that are not past."""

    async def work() -> Run:
        statement, params = await tick(window) or await tiles(window)
        return await timed(lambda: bare.run(statement, params), bare.processor_ms)

    return work
