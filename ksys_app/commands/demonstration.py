"""``ksys demo``: the product with a simulated plant of nine tags or of any number of tags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ksys_app import log
from ksys_app.commands import terminal
from ksys_app.commands.progress import amount_reporter, stages
from ksys_app.settings import secrets

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of pages, API and websocket.")]
DataDir = Annotated[Path, typer.Option(help="Folder of the database and the logs.")]
NoFeed = Annotated[
    bool, typer.Option("--no-feed", help="Only schema and rules: no history, no simulated plant.")
]
Replay = Annotated[
    Path | None,
    typer.Option(help="Play the samples of FILE.csv[.gz] in real time, in place of the simulator."),
]
Scale = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10_000,
        metavar="TAGS",
        help="A plant of TAGS tags, in place of the nine tags.",
    ),
]
Days = Annotated[int, typer.Option(min=1, max=365, help="With --scale: days of history.")]
Every = Annotated[
    int,
    typer.Option(
        min=1,
        max=60,
        metavar="SECONDS",
        help="With --scale: seconds between two samples of a tag.",
    ),
]
Server = Annotated[
    bool,
    typer.Option(
        "--server",
        help="With --scale: fill the database at TS_ADMIN_DSN, in place of the embedded one.",
    ),
]
Screens = Annotated[
    int,
    typer.Option(
        min=0,
        max=10_000,
        metavar="N",
        help="Open N screens, and print each minute what they receive and what they cost.",
    ),
]
FOLDER = Path(".ksys")


def add_to(app: typer.Typer) -> None:
    """Add the command to ``ksys``."""
    app.command()(demo)


def demo(
    port: Port = 13000,
    data_dir: DataDir = FOLDER,
    no_feed: NoFeed = False,
    replay: Replay = None,
    scale: Scale = None,
    days: Days = 1,
    every: Every = 1,
    server: Server = False,
    screens: Screens = 0,
) -> None:
    """Start an embedded TimescaleDB, a simulated plant and the dashboard.

    Use it to see the product. It needs no database and no settings, and without --server it never
    connects to TS_DSN or TS_ADMIN_DSN. It prints the address when the pages can be opened. Ctrl-C
    stops it. The data stay in --data-dir, and the next start continues with them.

    --scale shows the product at the size of your plant. It prints how many samples and how much
    disk that takes, and stops with exit code 2 if there is too little room. The pages can be
    opened when the newest quarter of an hour is there. The time before follows in the background,
    and a killed fill goes on at the next start. The data are in the folder scale-TAGS of
    --data-dir. --every is part of the plant: a later start needs the same.

    --server fills a database of your own server. That must be an empty database, or one that this
    command has filled before: it changes nothing in any other.

    --screens opens websocket clients that follow the first page as browsers do. Each minute it
    prints the ticks that they received and that were dropped, the time from the read of a tick to
    its receipt, and the processor time and memory of the app.

    Example: ksys demo --port 8080

    Example: ksys demo --scale 200

    Example: ksys demo --scale 9 --days 365 --every 5 --server
    """
    if scale is None and (server or days != 1 or every != 1):
        raise typer.BadParameter("--server, --days and --every need --scale")
    if scale is not None and (no_feed or replay is not None):
        raise typer.BadParameter("--scale has samples of its own: leave out --no-feed and --replay")
    settings = terminal.settings()
    log.setup(settings.log_form, secrets())
    with stages() as progress:
        report = amount_reporter(progress)
        if scale is None:
            from ksys_app.ops.demo import demo as nine_tags

            plan = nine_tags.Plan(port, data_dir.resolve(), not no_feed, replay, screens)
            terminal.run(nine_tags.run(plan, settings, report))
            return
        from ksys_app.ops.demo.scale import scaled, sizing

        size = sizing.Size(scale, days, not server, every)
        large = scaled.ScalePlan(port, data_dir.resolve() / f"scale-{scale}", size, screens)
        terminal.run(scaled.run(large, settings, report))
