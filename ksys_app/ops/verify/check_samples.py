"""Checks of the samples: that all stored samples are usable, and which samples were refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ksys_app.domain.names import quoted_name
from ksys_app.ops.check import Check, Rows

MAX_NAMED: Final = 5


def constraint(rows: Rows, expected: Rows) -> Iterator[Check]:
    """Check the constraint on usable samples; ``expected`` are rows of the golden file."""
    for wanted in expected:
        ok = wanted["name"] in {row["name"] for row in rows}
        detail = "valid for every row" if ok else "is missing; run ksys db init"
        yield Check(f"constraint {wanted['name']}", ok, detail)


def samples(rows: Rows) -> Iterator[Check]:
    """Check for unusable samples in ``influx_hist``; a failure names tag, time and value."""
    named = "; ".join(f"{row['tag_name']} {row['ts']} {_value(row)}" for row in rows[:MAX_NAMED])
    more = " and more" if len(rows) > MAX_NAMED else ""
    wrong = f"not usable: {named}{more}; run ksys db init, which moves them to ingest_reject"
    yield Check("samples influx_hist", not rows, wrong if rows else "all usable")


def refused(rows: Rows) -> Iterator[Check]:
    """Report the samples refused in the last day; not a failure, as the fault is the sender's."""
    yield Check(
        "samples refused", True, "; ".join(refusals(rows, MAX_NAMED)) or "none in the last day"
    )


def refusals(rows: Sequence[Mapping[str, Any]], limit: int) -> Iterator[str]:
    """One sentence for each tag and reason in ``db/verify/refused.sql``, the ``limit`` largest."""
    for row in rows[:limit]:
        count = "1 sample" if row["rows"] == 1 else f"{row['rows']:,} samples"
        how = "moved aside" if row["source"] == "quarantine" else "refused"
        yield (
            f"{_tag(row['tag_name'])}: {count} {how} in the last day ({row['reason']}), "
            f"the newest {row['ts']} {_value(row)}"
        )
    if len(rows) > limit:
        total = sum(row["rows"] for row in rows[limit:])
        yield f"and {total:,} samples of {len(rows) - limit:,} more tags and reasons"


def _tag(name: str | None) -> str:
    """A tag as text for one line; the name may be missing or contain line breaks."""
    if not name:
        return "no tag"
    return name if name.isprintable() else quoted_name(name)


def _value(row: Mapping[str, Any]) -> str:
    return "no value" if row["value"] is None else f"{row['value']:g}"
