"""The ``ksys`` command. Exit codes: 0 fine, 1 a check failed, 2 wrong use, 3 no database."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksys_app import __version__, log
from ksys_app.commands import (
    checks,
    communication,
    database,
    quality,
    recovery,
    terminal,
    unforeseen,
)
from ksys_app.commands.progress import stages
from ksys_app.errors import BadParameter, KsysError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Live dashboard and recovery tools for plants whose tags end up in TimescaleDB.",
)
recovery.add_to(database.app)
app.add_typer(database.app, name="db")
app.add_typer(quality.app, name="qc")
app.add_typer(communication.app, name="comm")

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of pages, API and websocket.")]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Settings come from the environment and .env; see .env.example."""
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def demo(
    port: Port = 13000,
    data_dir: Annotated[Path, typer.Option(help="Where database and logs are kept.")] = Path(
        ".ksys"
    ),
    no_feed: Annotated[
        bool, typer.Option("--no-feed", help="Schema and rules only: no history, no simulator.")
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(help="Feed the samples of FILE.csv[.gz], shifted to now, at their own pace."),
    ] = None,
) -> None:
    """An embedded TimescaleDB, a plant and the dashboard, until Ctrl-C.

    It prints the address when a page can be opened. The data stay in --data-dir; the next
    start goes on with them.

    Example: ksys demo --port 8080
    """
    from ksys_app.ops.demo import demo as demonstration

    log.setup()
    plan = demonstration.Plan(port, data_dir.resolve(), not no_feed, replay)
    with stages() as told:

        def tell(step: str, done: int, total: int) -> None:
            if not total:
                told.note(step)
                return
            told.tell(step, f"{done:,} of {total:,}", done, total)
            if done >= total:
                told.end()

        terminal.run(demonstration.run(plan, terminal.settings(), tell))


@app.command()
def run(port: Port = 13000) -> None:
    """The dashboard in production mode against TS_DSN.

    Pages, API and websocket on one port, at KSYS_HOST. It builds the pages first if their sources
    changed, and prints the address when a page can be opened. Ctrl-C ends it.

    Example: ksys run --port 8080
    """
    from ksys_app.ops.serving import production

    log.setup()
    terminal.run(production.run(terminal.settings(), port, _building))


@app.command()
def build() -> None:
    """Build the pages, if their sources changed since the last time.

    ksys run does it too; here it can be done beforehand, in an image for instance.

    Example: ksys build
    """
    from ksys_app.ops.serving import frontend

    terminal.out.print(f"pages in {frontend.ensure_built(_building)}")


def _building(step: str) -> None:
    terminal.note(f"the pages are built first, which takes about a minute: {step}")


@app.command()
def check(
    url: Annotated[
        str | None, typer.Option(help="Address of a page, as it is typed into a browser.")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="With --url: an authority to trust, PEM."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="The settings alone, without connecting.")
    ] = False,
) -> None:
    """Check settings, security and the databases at TS_DSN and TS_ADMIN_DSN.

    It connects to both where they are set, and tells host, database, role, versions, the
    difference of the clocks, whether a pooler stands between, and whether the roles may do what
    they have to.

    With --url it does what a browser does at that address instead: it takes the certificate, the
    page, its files and the live connection, through every proxy in between.

    A line that says FAIL names what is wrong and what to change. Exit 1 if there is one, 3 if all
    that fails is that a database does not answer.

    Example: ksys check

    Example: ksys check --url https://dashboard.example.org:8443/
    """
    if url is not None and offline:
        raise BadParameter("--offline is about the settings; leave it out with --url")
    if url is not None:
        checks.address(url, ca)
    else:
        checks.environment(offline=offline)


def main() -> None:
    """Run the command line; any error is one sentence and its exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        ours = unforeseen.as_ours(error)
        terminal.fail(ours.message if ours else unforeseen.sentence(error))
        sys.exit((ours or KsysError()).exit_code)
