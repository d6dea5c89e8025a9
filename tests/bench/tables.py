"""The report and the comparison as tables of text, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.changes import RULE, Comparison
from tests.bench.cost import LINEAR, Cost
from tests.bench.figures import ENOUGH, Figure
from tests.bench.report import Place, Report

LEGEND = (
    "A figure is the median ± half the distance of the quartiles, then the 95th percentile; below "
    f"{ENOUGH} runs the median alone. bare is the statement alone on one open connection. A ratio "
    "compares runs of the same round."
)
FASTER = "grows faster than linear"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text.

    Attributes:
        title: what it shows.
        header: the names of its columns.
        rows: its cells.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: float) -> str:
    """A number with three significant digits, and all digits before the point."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.3g}"


def cell(found: Figure, unit: bool = True) -> str:
    """A figure in a cell."""
    text = number(found.p50)
    if found.n >= ENOUGH:
        text += f" ±{number(found.spread)}, {number(found.p95)}"
    return f"{text} {found.unit}".rstrip() if unit else text


def grids(report: Report) -> list[Grid]:
    """The figures by section, and the costs."""
    sections = [
        _section(title, report.figures) for title in _unique(f.section for f in report.figures)
    ]
    return [*sections, _costs(report.costs)] if report.costs else sections


def lines(report: Report) -> list[str]:
    """What stands above the tables: where, when, and what grows too fast."""
    text_lines = [*_place(report.profile, report.place), f"took {report.seconds:.0f} s"]
    if report.place.load[0] > report.place.cores:
        text_lines.append("The machine was busy: trust ratios and processor times, not times.")
    steep = [f"{cost.what}, over {cost.over}" for cost in report.costs if cost.faster]
    text_lines.append(f"{FASTER}: {'; '.join(steep) or 'nothing'}")
    return [*text_lines, *report.notes, LEGEND]


def compared_lines(before: Report, after: Report, found: Comparison) -> list[str]:
    """What stands above the table of changes."""
    counts = dict.fromkeys(("better", "worse", "same"), 0)
    for change in found.changes:
        counts[change.verdict] += 1
    first, second = (_place(one.profile, one.place)[0] for one in (before, after))
    return [
        f"before: {first}",
        f"after: {second}",
        *(f"warning: {text}" for text in found.warnings),
        f"{counts['worse']} worse, {counts['better']} better, {counts['same']} the same; "
        f"{len(found.gone)} only before, {len(found.new)} only after",
        RULE,
    ]


def compared_grid(found: Comparison, *, all_: bool = False) -> Grid:
    """The figures that changed, or all."""
    rows = tuple(
        (
            change.verdict,
            ", ".join(change.before.key),
            cell(change.before),
            cell(change.after),
            f"x {change.factor:.2f}",
        )
        for change in found.changes
        if all_ or change.verdict != "same"
    )
    return Grid("Changes beyond noise", ("", "figure", "before", "after", "factor"), rows)


def markdown(title: str, text_lines: Sequence[str], tables: Iterable[Grid]) -> str:
    """The text of a Markdown file."""
    parts = [f"# {title}", "\n".join(f"- {_escaped(line)}" for line in text_lines)]
    for grid in tables:
        rows = [grid.header, tuple("---" for _ in grid.header), *grid.rows]
        body = "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in rows)
        parts.append(f"## {grid.title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def _section(title: str, figures: Sequence[Figure]) -> Grid:
    mine = {(one.subject, one.measure): one for one in figures if one.section == title}
    columns = _unique(measure for _, measure in mine)
    units = {name: {one.unit for one in mine.values() if one.measure == name} for name in columns}
    heads = (f"{name}, {_only(units[name])}".rstrip(", ") for name in columns)
    rows = tuple(
        (
            subject,
            *(
                cell(mine[subject, name], unit=not _only(units[name]))
                if (subject, name) in mine
                else ""
                for name in columns
            ),
        )
        for subject in _unique(subject for subject, _ in mine)
    )
    return Grid(title, ("", *heads), rows)


def _costs(costs: Sequence[Cost]) -> Grid:
    rows = tuple(
        (
            cost.what,
            cost.over,
            f"{cost.exponent:.2f}",
            ", ".join(f"{number(one.size)}: {number(one.cost)}" for one in cost.points),
            f"{FASTER}, {number(cost.faster[0])} to {number(cost.faster[-1])}"
            if cost.faster
            else "",
        )
        for cost in costs
    )
    title = f"Growth (exponent 1 is linear; above {LINEAR} is named)"
    return Grid(title, ("cost", "over", "exponent", "size: cost", ""), rows)


def _place(profile: str, place: Place) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in place.versions.items())
    load = " ".join(f"{value:.1f}" for value in place.load)
    return [
        f"{profile}, {place.date}, commit {place.commit or 'unknown'}",
        f"{place.machine}, {place.cores} cores; load at the beginning {load}",
        versions,
    ]


def _only(units: set[str]) -> str:
    return next(iter(units)) if len(units) == 1 else ""


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")
