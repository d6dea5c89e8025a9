"""Series of several tags over one window or range, and what they are compared with (PRD §33.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ksys_app.domain.compare import Comparison, compared
from ksys_app.domain.ranges import Period, Range, WrongRange
from ksys_app.errors import BadParameter
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Columns
from ksys_app.queries import several
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.comm import database_clock
from ksys_app.queries.qc import rules_by_tag
from ksys_app.services import runtime
from ksys_app.services.tags import require_known_tags
from ksys_app.utils.cache import Answer


@dataclass(frozen=True, slots=True)
class SeveralSeries:
    """The series of some tags.

    Attributes:
        tags: the tags, in the order of the request.
        period: the window or range.
        answer: the columns of each tag that has rows.
        comparison: what they are compared with, None for nothing.
        other: the columns of that time.
        rules: the rules by tag.
        days: IANA name of the zone of daily buckets, None for shorter buckets.
    """

    tags: Sequence[str]
    period: Period
    answer: Answer[Columns]
    comparison: Comparison | None
    other: Answer[Columns] | None
    rules: Mapping[str, QcRule]
    days: str | None

    @property
    def oldest(self) -> Answer[Columns]:
        """The answer that decides whether the series are stale."""
        return self.other if self.other is not None and self.other.stale else self.answer


async def comparison_of(period: Period, other: str | None) -> Comparison | None:
    """The time that a range is compared with.

    Raises:
        BadParameter: the text names no time that it can be compared with.
    """
    if other is None or not isinstance(period, Range):
        return None
    try:
        return compared(period, other, await database_clock(), runtime.current().zone)
    except WrongRange as error:
        raise BadParameter(error.said) from None


async def read_several(
    tags: Sequence[str],
    period: Period,
    figures: Sequence[str],
    comparison: Comparison | None = None,
) -> SeveralSeries:
    """The series of some tags.

    Args:
        tags: the tags.
        period: the window or range.
        figures: the columns of a bucket that are needed.
        comparison: what they are compared with.

    Raises:
        UnknownTag: a tag has no rows and is not known.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    answer = await several.columns(tags, period, figures)
    found = {columns.tag_name for columns in answer.rows}
    await require_known_tags(tags, found)
    other = None
    if comparison is not None:
        other = await several.columns(tags, comparison.period, figures)
    rules = await rules_by_tag(fresh=False)
    return SeveralSeries(tags, period, answer, comparison, other, rules, await days_of(period))
