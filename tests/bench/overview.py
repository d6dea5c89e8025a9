"""The overview of communication beside its bare statements, in this process."""

from __future__ import annotations

from ksys_app.models.rows import Expectation
from ksys_app.queries import comm
from ksys_app.services import runtime
from tests.bench.database import Bare
from tests.bench.figures import figure, ratios
from tests.bench.findings import Findings
from tests.bench.profiles import Profile
from tests.bench.rounds import Effort, in_turn, timed

SECTION = "Overview of /comm"


async def measure(profile: Profile, bare: Bare, found: Findings) -> None:
    """Add the overview of all tags: counted anew, and from the cache; the runtime must be open."""
    names = (await bare.names())[: runtime.current().settings.max_tags]
    subject = f"{len(names)} tags"
    found.say(f"overview: {subject}")
    source = runtime.current().comm
    days, _now = await source.calendar(None)
    expected = [Expectation(name) for name in names]

    async def statements() -> None:
        for at in range(0, len(expected), comm.MAX_TAGS):
            params = comm.day_params(expected[at : at + comm.MAX_TAGS], days.bounds)
            await bare.run(comm.DAYS, params)

    runs = await in_turn(
        {
            "bare": lambda: timed(statements, bare.processor_ms),
            "counted anew": lambda: timed(lambda: source.overview(days, fresh=True), None),
            "cached": lambda: timed(lambda: source.overview(days), None),
        },
        Effort(profile.times, profile.seconds),
    )
    times = {name: [run.ms for run in measured] for name, measured in runs.items()}
    for name, ms in times.items():
        found.add(figure(SECTION, subject, name, "ms", ms))
    anew = ratios(times["counted anew"], times["bare"])
    found.add(figure(SECTION, subject, "counted anew / bare", "x", anew))
    if bare.local:
        spent = [run.processor for run in runs["bare"]]
        found.add(figure(SECTION, subject, "bare, database", "ms", spent))
