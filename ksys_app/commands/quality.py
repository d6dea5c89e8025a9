"""``ksys qc``: rules and expectations in CSV files and in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ksys_app.commands import terminal
from ksys_app.commands.reading import DecimalSign, Encoding, reading
from ksys_app.ops.masterdata import qc

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
    encoding: Encoding = None,
    decimal: DecimalSign = None,
) -> None:
    """Write the rows of the file to the database, in one transaction, and show each change.

    Run it after you edited the file. Rows that only the database has stay, unless you use --prune.

    Example: ksys qc sync --dry-run

    Example: ksys qc sync data/qc/ingest_expectation.csv
    """
    dsn, how = terminal.settings().admin_dsn(), reading(encoding, decimal)
    table = qc.table_of(csv)
    changes = terminal.run(qc.sync(dsn, csv, table, reading=how, dry_run=dry_run, prune=prune))
    for change in changes:
        terminal.out.print(change.done(dry_run=dry_run, prune=prune), markup=False)
    done = sum(change.kind != "remove" or prune for change in changes)
    verb = "would be made" if dry_run else "made"
    terminal.out.print(f"{done} changes {verb}, {len(changes) - done} rows only in the database")


@app.command()
def verify(csv: Csv = qc.RULES_CSV, encoding: Encoding = None, decimal: DecimalSign = None) -> None:
    """Compare the file with the database and name each cell that differs; exit 1 if one does.

    It changes nothing.

    Example: ksys qc verify

    Example: ksys qc verify data/qc/ingest_expectation.csv
    """
    dsn, how = terminal.settings().admin_dsn(), reading(encoding, decimal)
    changes = terminal.run(qc.verify(dsn, csv, qc.table_of(csv), reading=how))
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
