"""``ksys comm suggest``: proposes expectations from the rates of the tags (PRD §28.4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row

from ksys_app.errors import UnknownTag
from ksys_app.ops.masterdata.rates import RATE_AFTER_MINUTES, RATES, Rate
from ksys_app.ops.owner import owner

# Messages a minute below which no whole number a minute describes the rate.
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
    """A tag's rate, its expectation and a proposal.

    Attributes:
        tag_name: the tag.
        observed: messages a minute, median over the last day since the tag's first sample.
        expected: the current ``exp_per_min``; 1 without an expectation.
        proposed: the proposed ``exp_per_min``, None if it should stay.
        slow: whether the tag sends too rarely for a whole number a minute.
    """

    tag_name: str
    observed: float
    expected: int
    proposed: int | None
    slow: bool


def suggestion(rate: Rate) -> Suggestion:
    """The proposal for a rate: the nearest whole number, if it differs from the expectation.

    A tag that was silent or sends less than once in two minutes keeps its expectation, because no
    whole number a minute describes its rate.
    """
    slow = rate.observed < SLOWEST
    nearest = max(1, int(rate.observed + 0.5))
    proposed = None if slow or nearest == rate.expected else nearest
    return Suggestion(rate.tag_name, rate.observed, rate.expected, proposed, slow)


async def suggest(
    dsn: str, tag_names: Collection[str] = (), *, apply: bool = False
) -> list[Suggestion]:
    """A suggestion for every tag that has sent in the last day, by name.

    Args:
        dsn: DSN of the database's owner, or of ``eco_rw``.
        tag_names: only these tags; empty for all tags.
        apply: write the proposals, in one statement.

    Raises:
        UnknownTag: one of ``tag_names`` has sent nothing in the last day.
        ConfigError: the DSN's role may not write.
        DatabaseUnreachable: no server answers.
    """
    async with owner(dsn) as conn:
        async with conn.cursor(row_factory=class_row(Rate)) as cursor:
            await cursor.execute(RATES, {"least": RATE_AFTER_MINUTES})
            rates = await cursor.fetchall()
        _require(tag_names, rates)
        found = [suggestion(rate) for rate in rates if not tag_names or rate.tag_name in tag_names]
        changes = [
            (proposal.tag_name, proposal.proposed)
            for proposal in found
            if proposal.proposed is not None
        ]
        if apply and changes:
            tags, proposed = zip(*changes, strict=True)
            await conn.execute(APPLY, {"tags": list(tags), "rates": list(proposed)})
    return found


def _require(tag_names: Collection[str], rates: Sequence[Rate]) -> None:
    missing = sorted(set(tag_names) - {rate.tag_name for rate in rates})
    if missing:
        raise UnknownTag(
            f"{', '.join(missing)}: sent nothing in the last day, or lives for less than "
            f"{RATE_AFTER_MINUTES} minutes; its rate is unknown, and a calculated tag never sends"
        )
