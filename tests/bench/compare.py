"""``make bench-compare A=before.json B=after.json``: what changed between two reports."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from tests.bench import tables
from tests.bench.changes import RULE, compared
from tests.bench.report import BadReport, Report, from_json
from tests.bench.terminal import show

EPILOG = f"""\
{textwrap.fill(RULE, 100)}

Compare reports of one machine and one profile. Where other work ran beside a report, its times are
too long; its ratios and its processor times are not.

exit codes: 0 the reports were compared, whatever changed; 2 wrong use, or a file is no report.

example: make bench-compare A=before.json B=after.json ARGS="--all"
"""


def main(arguments: list[str] | None = None) -> int:
    """Compare two files and print it; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.compare",
        description="Shows which figures of two reports of make bench differ beyond noise.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", help="report of make bench --json")
    parser.add_argument("after", help="a later one")
    parser.add_argument("--all", action="store_true", help="also show what did not change")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write it as Markdown")
    options = parser.parse_args(arguments)
    if not options.before or not options.after:
        parser.error("name two reports: make bench-compare A=before.json B=after.json")
    try:
        before, after = _read(options.before), _read(options.after)
        found = compared(before, after)
        lines = tables.compared_lines(before, after, found)
        grids = [grid for grid in [tables.compared_grid(found, all_=options.all)] if grid.rows]
        if options.markdown is not None:
            options.markdown.write_text(
                tables.markdown("make bench-compare", lines, grids), "utf-8"
            )
    except BadReport as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    show("make bench-compare", lines, grids)
    return 0


def _read(file: str) -> Report:
    return from_json(Path(file).read_bytes(), file)


def _fail(why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
