"""``ksys alarms suggest``."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import Annotated

import typer
from rich.table import Column, Table

from ksys_app.commands import terminal
from ksys_app.commands.progress import stages
from ksys_app.domain.rules import value_text
from ksys_app.ops.alarms import suggest as suggesting


def suggest(
    tags: Annotated[
        list[str] | None, typer.Argument(help="Only these tags.", show_default=False)
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=365, help="How many days of history to look at.")
    ] = 30,
    apply: Annotated[
        bool, typer.Option("--apply", help="Save the proposed values as the limits of the tags.")
    ] = False,
) -> None:
    """Propose limits, deadbands and delays that the tags lack, from their history at TS_ADMIN_DSN.

    Use it for tags that have no limits yet. Limits lie beyond what the minutes of the history
    usually reach, a deadband is as wide as the noise, and delays are such that one sample alone
    raises nothing and no alarm comes back at once. Somebody who knows the plant should read the
    list: a history with faults gives limits that are too wide.

    It proposes only what is missing, and never the range min_val to max_val, which belongs to the
    instrument. With --apply it saves the list with your name, as a page does. Without it, it
    changes nothing. To see what the proposals raise: ksys alarms replay --from.

    Example: ksys alarms suggest

    Example: ksys alarms suggest D100 D101 --days 7 --apply
    """
    dsn = terminal.settings().admin_dsn()
    with stages() as progress:

        def read(done: int, total: int) -> None:
            progress.report("history", f"{done:,} of {total:,} tags", done, total)

        found = terminal.run(suggesting.suggest(dsn, tags or (), days, apply=apply, on_read=read))
    verb = "saved" if apply else "proposed"
    table = Table("tag", "column", Column(verb, justify="right"), "because", box=None)
    for _, proposals in groupby(found.proposals, attrgetter("tag_name")):
        for proposal in proposals:
            cells = proposal.tag_name, proposal.column, value_text(proposal.value), proposal.why
            table.add_row(*(terminal.plain(cell) for cell in cells))
    terminal.table(table)
    if found.short:
        names = ", ".join(found.short[:5]) + (", …" if len(found.short) > 5 else "")
        terminal.out.print(f"less than an hour of history: {names}", markup=False)
    more = "saved" if apply else "proposed; --apply saves them"
    terminal.out.print(f"{len(found.proposals)} values for {found.tags} tags {more}")
    if apply and found.proposals:
        terminal.out.print("to update the file: ksys qc export --force")
