"""Reads series of several tags over a window or range, with a comparison (PRD §33.2)."""

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
from ksys_app.services import runtime
from ksys_app.services.answered import as_read, clock
from ksys_app.services.calculated import column_rows, oldest
from ksys_app.services.rules import rules_by_tag
from ksys_app.services.tags import require_known_tags
from ksys_app.utils.cache import Answer


@dataclass(frozen=True, slots=True)
class SeveralSeries:
    """The series of some tags.

    Attributes:
        tags: the tags, in the order of the request.
        period: the window or range.
        answer: the columns of each tag that has rows.
        comparison: the time that they are compared with, None for no comparison.
        compared: the columns of that time, None for no comparison.
        rules: the rules by tag.
        days: IANA name of the zone of daily buckets, None for shorter buckets.
    """

    tags: Sequence[str]
    period: Period
    answer: Answer[Columns]
    comparison: Comparison | None
    compared: Answer[Columns] | None
    rules: Mapping[str, QcRule]
    days: str | None

    @property
    def oldest(self) -> Answer[Columns]:
        """The answer that decides whether the series are stale."""
        return self.compared if self.compared is not None and self.compared.stale else self.answer


async def comparison_of(period: Period, text: str | None) -> Comparison | None:
    """The time that a range is compared with.

    Raises:
        BadParameter: the range cannot be compared with the time that the text names.
    """
    if text is None or not isinstance(period, Range):
        return None
    try:
        return compared(period, text, await database_clock(), runtime.current().zone)
    except WrongRange as error:
        raise BadParameter(error.sentence) from None


async def read_several(
    tags: Sequence[str],
    period: Period,
    figures: Sequence[str],
    comparison: Comparison | None = None,
    *,
    fresh: bool = False,
) -> SeveralSeries:
    """The series of some tags.

    Args:
        tags: the tags.
        period: the window or range.
        figures: the columns of a bucket that are needed.
        comparison: the time that they are compared with, None for no comparison.
        fresh: read from the database, not from the cache.

    Raises:
        UnknownTag: a tag has no rows and does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    answer = await several.columns(tags, period, figures, fresh=fresh)
    tags_with_rows = {columns.tag_name for columns in answer.rows}
    checked = await require_known_tags(tags, tags_with_rows)
    calculated = [tag.tag_name for tag in checked if tag.expression is not None]
    answer = await _with_calculated(answer, calculated, period, figures, fresh=fresh)
    compared_answer = None
    if comparison is not None:
        compared_answer = await several.columns(tags, comparison.period, figures)
        compared_answer = await _with_calculated(
            compared_answer, calculated, comparison.period, figures
        )
        read = as_read(answer, period)
        if compared_answer.stale and isinstance(read, Range):
            zone = runtime.current().zone
            comparison = compared(read, comparison.other, clock(answer), zone)
    rules = await rules_by_tag(fresh=False)
    return SeveralSeries(
        tags, period, answer, comparison, compared_answer, rules, await days_of(period)
    )


async def _with_calculated(
    answer: Answer[Columns],
    tags: Sequence[str],
    period: Period,
    figures: Sequence[str],
    *,
    fresh: bool = False,
) -> Answer[Columns]:
    """The answer with the rows of calculated tags."""
    if not tags:
        return answer
    more = await column_rows(tags, period, figures, fresh=fresh)
    return oldest([more, answer]).of_rows([*answer.rows, *more.rows])
