"""``ksys comm``: compares the expectation of each tag with the messages that arrive."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Column, Table

from ksys_app.commands import terminal
from ksys_app.ops.masterdata import suggest as suggesting

app = typer.Typer(
    no_args_is_help=True, help="Compare the expected messages of each tag with those that arrive."
)


@app.callback()
def group() -> None:
    """Keep ``suggest`` a subcommand although it is the only one."""


@app.command()
def suggest(
    tags: Annotated[
        list[str] | None, typer.Argument(help="Only these tags.", show_default=False)
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the proposed values into ingest_expectation.")
    ] = False,
) -> None:
    """Compare exp_per_min of each tag with its median rate of the last day; propose new values.

    Use it after you added tags, or when the log warns about rates. It changes only exp_per_min in
    ingest_expectation at TS_ADMIN_DSN, and only with --apply.

    Example: ksys comm suggest

    Example: ksys comm suggest D100 D101 --apply
    """
    dsn = terminal.settings().admin_dsn()
    found = terminal.run(suggesting.suggest(dsn, tags or (), apply=apply))
    table = Table(
        "tag",
        Column("observed", justify="right"),
        Column("expected", justify="right"),
        "proposed" if not apply else "written",
        box=None,
    )
    for suggestion in found:
        table.add_row(
            terminal.plain(suggestion.tag_name),
            f"{suggestion.observed:g}",
            str(suggestion.expected),
            _change(suggestion),
        )
    terminal.out.print(table)
    changes = sum(suggestion.proposed is not None for suggestion in found)
    verb = "made" if apply else "proposed; --apply writes them"
    terminal.out.print(f"{changes} changes {verb}")
    if apply and changes:
        terminal.out.print(
            "to update the file: ksys qc export data/qc/ingest_expectation.csv --force"
        )


def _change(suggestion: suggesting.Suggestion) -> str:
    if suggestion.proposed is not None:
        return f"{suggestion.expected} → {suggestion.proposed}"
    return "silent or slower than one in two minutes" if suggestion.slow else ""
