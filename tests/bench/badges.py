"""The badges of many tags in a tick: processor time of this process."""

from __future__ import annotations

import time
from dataclasses import replace

from ksys_app.domain.tiles import TileMaker
from tests.bench.figures import figure
from tests.bench.findings import Findings
from tests.bench.profiles import Profile
from tests.unit import test_tiles


def measure(profile: Profile, found: Findings) -> None:
    """Add the processor time for the badges of tags that all have a rule."""
    found.say(f"badges of {profile.badges} tags")
    rows = [replace(test_tiles.ROW, tag_name=f"T{number}") for number in range(profile.badges)]
    rules = {row.tag_name: test_tiles.RULE for row in rows}
    times_ms = []
    for _ in range(profile.times):
        started = time.thread_time()
        TileMaker(test_tiles.SEOUL).judge(rows, rules)
        times_ms.append((time.thread_time() - started) * 1000)
    subject = f"{profile.badges} tags"
    found.add(figure("Badges of a tick", subject, "processor time", "ms", times_ms))
