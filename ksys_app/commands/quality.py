"""``ksys qc``: rules and expectations in CSV files and in the database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ksys_app.commands import terminal
from ksys_app.commands.reading import DecimalSign, Encoding, reading
from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_changes import CONFLICTS

app = typer.Typer(
    no_args_is_help=True,
    help="Compare and copy QC rules between a CSV file and the database at TS_ADMIN_DSN.",
)
Csv = Annotated[
    Path,
    typer.Argument(
        help="The file with rules; a file named ingest_expectation.csv has expectations."
    ),
]


@app.command()
def sync(
    csv: Csv = qc.RULES_CSV,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the changes; make none.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also delete the rows that the file does not have.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also overwrite what was changed on a page.")
    ] = False,
    encoding: Encoding = None,
    decimal: DecimalSign = None,
) -> None:
    """Write the rows of the file to the database, in one transaction, and show each change.

    Run it after you edited the file. Rows that only the database has stay, unless you use --prune.
    Limits that somebody changed on a page since the last sync stay, unless you use --overwrite. If
    the file changed the same cell, nothing is written, each such cell is named, and the exit code
    is 1.

    Example: ksys qc sync --dry-run

    Example: ksys qc sync data/qc/ingest_expectation.csv
    """
    dsn, options = terminal.settings().admin_dsn(), reading(encoding, decimal)
    table = qc.table_of(csv)
    changes = terminal.run(
        qc.sync(dsn, csv, table, reading=options, dry_run=dry_run, prune=prune, overwrite=overwrite)
    )
    conflicts = [change for change in changes if change.kind in CONFLICTS]
    if conflicts:
        _refuse(csv, conflicts)
    for change in changes:
        terminal.out.print(change.done(dry_run=dry_run, prune=prune), markup=False)
    unchanged = sum(change.kind == "keep" for change in changes)
    only_in_database = sum(change.kind == "remove" and not prune for change in changes)
    verb = "would be made" if dry_run else "made"
    more = f", {unchanged} kept as on the page" if unchanged else ""
    done = len(changes) - unchanged - only_in_database
    terminal.out.print(f"{done} changes {verb}, {only_in_database} rows only in the database{more}")


def _refuse(csv: Path, conflicts: Sequence[qc.Change]) -> NoReturn:
    for change in conflicts:
        terminal.out.print(change.done(dry_run=True, prune=True), markup=False)
    terminal.out.print(
        f"nothing was written: {len(conflicts)} conflicts. Correct {csv.name} (ksys qc export "
        "writes what is in force), or use --overwrite"
    )
    raise typer.Exit(1)


@app.command()
def verify(csv: Csv = qc.RULES_CSV, encoding: Encoding = None, decimal: DecimalSign = None) -> None:
    """Compare the file with the database and name each cell that differs; exit 1 if one does.

    It changes nothing.

    Example: ksys qc verify

    Example: ksys qc verify data/qc/ingest_expectation.csv
    """
    dsn, options = terminal.settings().admin_dsn(), reading(encoding, decimal)
    changes = terminal.run(qc.verify(dsn, csv, qc.table_of(csv), reading=options))
    for change in changes:
        terminal.out.print(str(change), markup=False)
    if not changes:
        terminal.out.print(f"{csv.name} and the database agree")
    raise typer.Exit(1 if changes else 0)


@app.command()
def export(
    csv: Csv = qc.RULES_CSV,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that differs from the database.")
    ] = False,
) -> None:
    """Write the rows of the database to the file.

    Use it when the database is right and the file is not. It never changes the database, and it
    overwrites a file that differs only with --force.

    Example: ksys qc export rules.csv
    """
    count = terminal.run(
        qc.export(terminal.settings().admin_dsn(), csv, qc.table_of(csv), force=force)
    )
    terminal.out.print(f"{count} rows in {csv}")
