"""The HTTP endpoints beside their bare statements: loaded anew, and from the cache."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext

from ksys_app.ops.demo.screens.changed_tiles import SEQ
from ksys_app.ops.demo.screens.client import Answer, Client, Refused
from ksys_app.ops.demo.screens.screens import Screens
from tests.bench.app import App
from tests.bench.cost import point
from tests.bench.database import Bare
from tests.bench.endpoints import Case, cases
from tests.bench.figures import figure, ratios
from tests.bench.findings import HISTORY, Findings
from tests.bench.profiles import Profile
from tests.bench.rounds import Effort, Run, in_turn, timed

ONE, WORK = "HTTP, one client", "HTTP, processor time and size"


async def measure(profile: Profile, app: App, bare: Bare, tag: str, found: Findings) -> None:
    """Add the figures of every endpoint."""
    effort = Effort(profile.times, profile.seconds)
    for case in await cases(profile, tag):
        found.say(f"HTTP: {case.name}")
        with found.failing(f"HTTP: {case.name}"):
            async with opened(case, profile, app) as connections:
                path = await _numbered(case, connections[0])
                await _alone(case, path, app, bare, connections[0], effort, found)
                for count in profile.clients:
                    if count > 1:
                        await _together(case, path, app, connections[:count], effort, found)


@asynccontextmanager
async def opened(case: Case, profile: Profile, app: App) -> AsyncIterator[list[Client]]:
    """As many connections as clients, which stay open, and a screen if the case needs one."""
    count = max(profile.clients)
    async with AsyncExitStack() as stack:
        if case.watched:
            screens = Screens(app.url, profile.windows[0])
            await (await stack.enter_async_context(screens)).grow(1)
        yield [await stack.enter_async_context(Client(app.url)) for _ in range(count)]


async def _alone(
    case: Case, path: str, app: App, bare: Bare, client: Client, effort: Effort, found: Findings
) -> None:
    async def statements() -> None:
        for statement, params in case.bare:
            await bare.run(statement, params)

    async def plain() -> Run:
        return await timed(statements, bare.processor_ms)

    async def request(cold: bool) -> Run:
        with app.cold() if cold else nullcontext():
            before = app.processor_ms()
            got = await _got(client, path)
            return Run(got.ms, app.processor_ms() - before, got.wire)

    works = {"bare": plain, "cold": lambda: request(True), "cached": lambda: request(False)}
    runs = await in_turn(works, effort)
    times = {name: [run.ms for run in measured] for name, measured in runs.items()}
    for name, ms in times.items():
        found.add(figure(ONE, case.name, name, "ms", ms))
    for name in ("cold", "cached"):
        ratio = ratios(times[name], times["bare"])
        found.add(figure(ONE, case.name, f"{name} / bare", "x", ratio))
    _work(case, runs, bare, found)


def _work(case: Case, runs: dict[str, list[Run]], bare: Bare, found: Findings) -> None:
    spent = {name: [run.processor for run in measured] for name, measured in runs.items()}
    if bare.local:
        found.add(figure(WORK, case.name, "bare, database", "ms", spent["bare"]))
    cold = found.add(figure(WORK, case.name, "cold, app", "ms", spent["cold"]))
    if case.what:
        found.grows(f"{case.what}, cold, app", HISTORY, point(case.hours, cold))
    found.add(figure(WORK, case.name, "cached, app", "ms", spent["cached"]))
    wire = [run.wire / 1000 for run in runs["cold"]]
    found.add(figure(WORK, case.name, "on the wire", "kB", wire))


async def _together(
    case: Case, path: str, app: App, clients: Sequence[Client], effort: Effort, found: Findings
) -> None:
    """All clients ask at once, round by round."""
    section = f"HTTP, {len(clients)} clients"
    times_ms: dict[str, list[float]] = {"cold": [], "cached": []}
    rates: list[float] = []
    refused = dict.fromkeys(times_ms, 0)

    async def round_(name: str) -> Run:
        with app.cold() if name == "cold" else nullcontext():
            started = time.perf_counter()
            answers = await asyncio.gather(*(client.get(path) for client in clients))
            seconds = time.perf_counter() - started
        times_ms[name] += [got.ms for got in answers]
        refused[name] += sum(got.status != 200 for got in answers)
        if name == "cached":
            rates.append(len(clients) / seconds)
        return Run(seconds * 1000)

    works = {"cold": lambda: round_("cold"), "cached": lambda: round_("cached")}
    await in_turn(works, effort)
    for name, ms in times_ms.items():
        # The first round warmed up.
        found.add(figure(section, case.name, name, "ms", ms[len(clients) :]))
    found.add(figure(section, case.name, "cached, answers", "/s", rates[1:], "more"))
    for name, count in refused.items():
        share = 100 * count / len(times_ms[name])
        found.add(figure(section, case.name, f"{name}, refused", "%", [share]))


async def _got(client: Client, path: str) -> Answer:
    got = await client.get(path)
    if got.status != 200:
        raise Refused(f"{path} answered {got.status}: {_plain(got.body)[:200].decode()}")
    return got


async def _numbered(case: Case, client: Client) -> str:
    """The path, with the newest number of the tiles if it needs one."""
    if "{seq}" not in case.path:
        return case.path
    seq = SEQ.search(_plain((await _got(client, case.path.format(seq=0))).body))
    assert seq is not None, f"{case.path} has no seq"
    return case.path.format(seq=int(seq[1]))


def _plain(body: bytes) -> bytes:
    try:
        return zlib.decompress(body, 16 + zlib.MAX_WBITS)
    except zlib.error:
        return body
