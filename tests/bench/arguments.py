"""The command line of ``make bench``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.measuring import SECTIONS
from tests.bench.profiles import PROFILES, Profile

EPILOG = """\
profiles:
{profiles}

sections, for --only and --skip:
{sections}

examples:
  make bench
      an embedded database with the demo's history; takes about ten minutes
  make bench ARGS="--json before.json --markdown before.md"
      keep the report, to compare another one with it: make bench-compare A=before.json B=after.json
  make bench ARGS="--only http,statements --times 40"
      some sections, with more runs
  ksys demo --scale 2000 --days 7 --server
  make bench ARGS="--profile wide --dsn postgresql://eco_ro@127.0.0.1/wide"
      2,000 tags on a server of yours: the first command fills the database at TS_ADMIN_DSN. The
      bench reads it; only with --owner it also writes, into tables that it removes, and rows of
      tags named BENCH1 to BENCH9 three years back, which it removes too.

A figure is a median, half the distance of the quartiles, and the 95th percentile. Times depend on
what else the machine does: the report has the load at its beginning. Ratios compare runs of the
same round, so they depend on it least. Quiet figures need a quiet machine.

exit codes: 0 the report was made, 1 the app or the database failed, 2 wrong use, 130 Ctrl-C.
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments.

    Attributes:
        name: the name of the profile.
        profile: the profile, with the numbers that were given.
        dsn: DSN of the app; None for an embedded database.
        owner: DSN of the owner; None to leave inserts out.
        tag: the tag of the series; None for any.
        sections: what is measured.
        json: file of the report as JSON.
        markdown: file of the report as Markdown.
    """

    name: str
    profile: Profile
    dsn: str | None
    owner: str | None
    tag: str | None
    sections: tuple[str, ...]
    json: Path | None
    markdown: Path | None


def parsed(arguments: Sequence[str] | None = None) -> Arguments:
    """The arguments of this process, or of a test; wrong ones end it with code 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    profile = PROFILES[options.profile]
    dsn = options.dsn or (os.environ.get("TS_DSN") if profile.fill else None)
    if dsn is None and profile.fill:
        parser.error(
            f"the profile {options.profile} needs a database on a server: fill one with "
            f"{profile.fill}, and name it with --dsn or TS_DSN"
        )
    of_settings = profile.fill and not options.dsn
    owner = options.owner or (os.environ.get("TS_ADMIN_DSN") if of_settings else None)
    profile = replace(
        profile,
        times=options.times or profile.times,
        ticks=options.ticks or profile.ticks,
        screens=options.screens or profile.screens,
    )
    chosen = [one for one in options.only or SECTIONS if one not in (options.skip or ())]
    return Arguments(
        name=options.profile,
        profile=profile,
        dsn=dsn,
        owner=owner,
        tag=options.tag,
        sections=tuple(chosen),
        json=options.json,
        markdown=options.markdown,
    )


def _parser() -> argparse.ArgumentParser:
    by_bench = "the bench creates it"
    profiles = "\n".join(
        f"  {name:<11} {one.about}: {one.fill or by_bench}" for name, one in PROFILES.items()
    )
    sections = "\n".join(f"  {name:<11} {about}" for name, about in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures the product beside its bare SQL, its screens and its pages, and "
        "makes one report.",
        epilog=EPILOG.format(profiles=profiles, sections=sections),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--profile", choices=PROFILES, default="small", help="which kind of site (small)")
    add("--dsn", help="the database that the app reads; by default TS_DSN, or an embedded one")
    add("--owner", help="the owner's DSN of the same database, for inserts; by default "
        "TS_ADMIN_DSN if the database is TS_DSN")  # fmt: skip
    add("--tag", help="the tag whose series is asked for; by default the first one that reports")
    add("--only", type=_sections, metavar="SECTIONS", help="measure only these, with commas")
    add("--skip", type=_sections, metavar="SECTIONS", help="leave these out, with commas")
    add("--times", type=_positive, metavar="N", help="most runs that a figure is made of")
    add("--screens", type=_counts, metavar="N,N", help="numbers of screens, ascending")
    add("--ticks", type=_positive, metavar="N", help="ticks that each number of screens is watched")
    add("--json", type=Path, metavar="FILE", help="also write the report as JSON")
    add("--markdown", type=Path, metavar="FILE", help="also write the report as Markdown")
    return parser


def _sections(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := sorted(set(names) - set(SECTIONS)):
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(SECTIONS)}")
    return names


def _counts(text: str) -> tuple[int, ...]:
    return tuple(sorted({_positive(part) for part in text.split(",")}))


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)
