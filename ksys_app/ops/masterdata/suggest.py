"""``ksys comm suggest``: expected messages a minute beside what arrives (PRD §28.4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row

from ksys_app.errors import UnknownTag
from ksys_app.ops.masterdata.rates import RATE_AFTER_MINUTES, RATES, Rate
from ksys_app.ops.owner import owner

# Messages a minute under which no whole number says the rate.
SLOWEST: Final = 0.5

APPLY: Final = """
INSERT INTO public.ingest_expectation (tag_name, exp_per_min, updated_at)
SELECT tag_name, exp_per_min, now()
FROM unnest(%(tags)s::text[], %(rates)s::integer[]) AS wanted (tag_name, exp_per_min)
ON CONFLICT (tag_name) DO UPDATE
  SET exp_per_min = excluded.exp_per_min, updated_at = excluded.updated_at
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag's rate beside its expectation.

    Attributes:
        tag_name: the tag.
        observed: messages a minute, median over the minutes of the last day it has lived.
        expected: ``exp_per_min`` now in force; 1 without an expectation.
        proposed: what it should be, None where it should stay.
        slow: whether it sends so rarely that a number a minute cannot say it.
    """

    tag_name: str
    observed: float
    expected: int
    proposed: int | None
    slow: bool


def suggestion(rate: Rate) -> Suggestion:
    """What follows from a rate: the nearest whole number, where it is not that already.

    A tag that was silent, or sends less than once in two minutes, keeps its expectation: its median
    says nothing that a whole number a minute could.
    """
    slow = rate.observed < SLOWEST
    nearest = max(1, int(rate.observed + 0.5))
    proposed = None if slow or nearest == rate.expected else nearest
    return Suggestion(rate.tag_name, rate.observed, rate.expected, proposed, slow)


async def suggest(
    dsn: str, tag_names: Collection[str] = (), *, apply: bool = False
) -> list[Suggestion]:
    """Every tag that sent something in the last day, by name; changes written with ``apply``.

    Args:
        dsn: DSN of the database's owner, or of ``eco_rw``.
        tag_names: only these; all without any.
        apply: write what is proposed, in one statement.

    Raises:
        UnknownTag: a tag named sent nothing in the last day.
        ConfigError: the DSN's role may not write.
        DatabaseUnreachable: nothing answers there.
    """
    async with owner(dsn) as conn:
        async with conn.cursor(row_factory=class_row(Rate)) as cursor:
            await cursor.execute(RATES, {"least": RATE_AFTER_MINUTES})
            rates = await cursor.fetchall()
        _require(tag_names, rates)
        found = [suggestion(rate) for rate in rates if not tag_names or rate.tag_name in tag_names]
        changes = [(one.tag_name, one.proposed) for one in found if one.proposed is not None]
        if apply and changes:
            tags, proposed = zip(*changes, strict=True)
            await conn.execute(APPLY, {"tags": list(tags), "rates": list(proposed)})
    return found


def _require(tag_names: Collection[str], rates: Sequence[Rate]) -> None:
    missing = sorted(set(tag_names) - {rate.tag_name for rate in rates})
    if missing:
        raise UnknownTag(
            f"{', '.join(missing)}: sent nothing in the last day, or lives for less than "
            f"{RATE_AFTER_MINUTES} minutes; a rate cannot be told"
        )
