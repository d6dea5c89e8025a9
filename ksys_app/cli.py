"""The ``ksys`` command. Exit codes: 0 fine, 1 a check failed, 2 wrong use, 3 no database."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksys_app import __version__, log
from ksys_app.commands import communication, database, quality, recovery, terminal
from ksys_app.errors import KsysError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
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
    """An embedded TimescaleDB, a plant and the dashboard, until Ctrl-C."""
    from ksys_app.ops import demo as demonstration

    log.setup()
    plan = demonstration.Plan(port, data_dir.resolve(), not no_feed, replay)
    with terminal.steps() as tell:
        terminal.run(demonstration.run(plan, terminal.settings(), tell))


@app.command()
def run(port: Port = 13000) -> None:
    """The dashboard in production mode against TS_DSN."""
    from ksys_app.ops import production

    log.setup()
    terminal.run(production.run(terminal.settings(), port))


@app.command()
def build() -> None:
    """Build the pages, if their sources changed since the last time."""
    from ksys_app.ops import frontend

    terminal.out.print(f"pages in {frontend.ensure_built()}")


@app.command()
def check() -> None:
    """Environment and security checks; exit 1 if production could not run like this."""
    from ksys_app.security import check_environment

    env_file = Path(".env")
    mode = env_file.stat().st_mode if env_file.is_file() else None
    findings = check_environment(terminal.settings(), mode)
    for finding in findings:
        terminal.line(finding.ok, finding.name, finding.detail, fatal=finding.strict)
    raise typer.Exit(1 if any(f.strict and not f.ok for f in findings) else 0)


def main() -> None:
    """Run the command line; an error of ours is one sentence and its exit code."""
    try:
        app()
    except KsysError as error:
        terminal.fail(error.message)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
