"""``make bench``: makes a report; ``--help`` explains it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ksys_app.errors import KsysError
from ksys_app.ops.serving import frontend
from ksys_app.ops.stopping import as_by_ctrl_c
from tests.bench import app, database, tables
from tests.bench.arguments import Arguments, parsed
from tests.bench.database import Source
from tests.bench.measuring import NoTag, measure
from tests.bench.report import Report, to_json
from tests.bench.terminal import show

err = Console(stderr=True, highlight=False)


def _say(text: str) -> None:
    err.print(f"[dim]{text}[/]")


async def _built() -> None:
    """Build the pages if their sources changed."""
    try:
        await asyncio.to_thread(frontend.ensure_built, _say)
    except asyncio.CancelledError:
        frontend.abandon()
        raise


async def _report(arguments: Arguments) -> Report:
    await _built()
    async with AsyncExitStack() as stack:
        if arguments.dsn is None:
            source = await stack.enter_async_context(database.embedded(_say))
        else:
            source = Source(arguments.dsn, arguments.owner)
        running = app.running(source.dsn, arguments.profile.tick_s)
        served = await stack.enter_async_context(running)
        return await measure(
            arguments.name,
            arguments.profile,
            source,
            served,
            arguments.sections,
            arguments.tag,
            _say,
        )


def _write(arguments: Arguments, report: Report) -> None:
    title = f"make bench, profile {report.profile}"
    lines, grids = tables.lines(report), tables.grids(report)
    if arguments.json is not None:
        arguments.json.write_bytes(to_json(report))
    if arguments.markdown is not None:
        arguments.markdown.write_text(tables.markdown(title, lines, grids), "utf-8")
    show(title, lines, grids)


def main() -> int:
    """Measure, print, and write the files; returns the exit code."""
    arguments = parsed()
    for file in filter(None, (arguments.json, arguments.markdown)):
        if not Path(file).parent.is_dir():
            err.print(f"[bold red]error:[/] {file}: there is no such folder")
            return 2
    try:
        report = asyncio.run(as_by_ctrl_c(_report(arguments)))
    except KeyboardInterrupt:
        err.print("stopped; nothing was written")
        return 130
    except (KsysError, NoTag, RuntimeError) as error:
        err.print("[bold red]error:[/]", Text(str(error)))
        return 1
    _write(arguments, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
