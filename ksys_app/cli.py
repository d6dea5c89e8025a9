"""The ``ksys`` command. Exit codes: 0 success, 1 a check failed, 2 wrong use, 3 no database."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksys_app import __version__, log
from ksys_app.commands import (
    alarms,
    audit,
    checks,
    communication,
    database,
    demonstration,
    internal_errors,
    notify,
    quality,
    recovery,
    terminal,
    tokens,
    users,
)
from ksys_app.errors import BadParameter, KsysError
from ksys_app.settings import secrets

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "Live dashboard and recovery tools for plants that store their tags in TimescaleDB.\n\n"
        "ksys demo shows the product with a simulated plant and needs no database. For your own"
        " database, set TS_DSN and TS_ADMIN_DSN in the environment or in .env. Then run ksys db"
        " init, ksys check and ksys run. The file .env.example explains every setting."
    ),
)
recovery.add_to(database.app)
demonstration.add_to(app)
app.add_typer(database.app, name="db")
app.add_typer(quality.app, name="qc")
app.add_typer(alarms.app, name="alarms")
app.add_typer(notify.app, name="notify")
app.add_typer(communication.app, name="comm")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(audit.app, name="audit")


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print the version, or run the command that follows."""
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def run(port: demonstration.Port = 13000) -> None:
    """Serve the dashboard of the database at TS_DSN, in production mode.

    Pages, API and websocket share one port at KSYS_HOST. The command builds the pages first if
    their sources changed, and prints the address when the pages can be opened. Ctrl-C stops it.
    It only reads the database.

    Example: ksys run --port 8080
    """
    from ksys_app.ops.serving import production

    settings = terminal.settings()
    log.setup(settings.log_form, secrets())
    terminal.run(production.run(settings, port, _building))


@app.command()
def build() -> None:
    """Build the pages if their sources changed since the last build.

    ksys run builds them too. Use this command to build them beforehand, for example in an image.
    It never connects to a database.

    Example: ksys build
    """
    from ksys_app.ops.serving import frontend

    terminal.out.print(f"pages in {frontend.ensure_built(_building)}")


def _building(step: str) -> None:
    terminal.note(f"building the pages, which takes about a minute: {step}")


@app.command()
def check(
    url: Annotated[
        str | None, typer.Option(help="Address of a page, as you type it into a browser.")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="With --url: PEM file of a certificate authority to trust.",
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Check only the settings; do not connect.")
    ] = False,
) -> None:
    """Check the settings, the security and the databases at TS_DSN and TS_ADMIN_DSN.

    Run it when you changed a setting, or when the dashboard does not start. It changes nothing.

    It connects to each database that is set. It prints host, database, role, versions, the clock
    difference and whether a pooler is in between. It also checks the privileges of the roles.

    With --url it checks that address instead, as a browser would use it: the certificate, the
    page, its files and the live connection, through every proxy.

    A FAIL line names what is wrong and what to change. The exit code is 1 if a check fails, and 3
    if the only failure is that a database does not answer.

    Example: ksys check

    Example: ksys check --url https://dashboard.example.org:8443/
    """
    if url is not None and offline:
        raise BadParameter("--offline checks only the settings; leave it out with --url")
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
        ours = internal_errors.find_ksys_error(error)
        terminal.fail(ours.message if ours else internal_errors.sentence(error))
        sys.exit((ours or KsysError()).exit_code)
