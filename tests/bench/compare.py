"""``make bench-compare A=before.json B=after.json``: what changed between two reports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench import tables
from tests.bench.changes import RULE, compared
from tests.bench.report import BadReport, Report, from_json
from tests.bench.terminal import show

EPILOG = f"""\
{RULE}

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
    parser.add_argument("before", type=Path, help="report of make bench --json")
    parser.add_argument("after", type=Path, help="a later one")
    parser.add_argument("--all", action="store_true", help="also show what did not change")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write it as Markdown")
    given = parser.parse_args(arguments)
    try:
        before, after = _read(given.before), _read(given.after)
        found = compared(before, after)
        said = tables.compared_lines(before, after, found)
        grids = [tables.compared_grid(found, all_=given.all)]
        if given.markdown is not None:
            given.markdown.write_text(tables.markdown("make bench-compare", said, grids), "utf-8")
    except (BadReport, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    show("make bench-compare", said, grids)
    return 0


def _read(file: Path) -> Report:
    return from_json(file.read_bytes(), str(file))


if __name__ == "__main__":
    sys.exit(main())
