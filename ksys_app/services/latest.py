"""The newest sample of each tag, also that of a calculated tag (PRD §33.9)."""

from __future__ import annotations

from ksys_app.domain.names import quoted_name
from ksys_app.errors import BadParameter
from ksys_app.models.message import Message
from ksys_app.models.rows import Latest
from ksys_app.queries.comm import database_clock
from ksys_app.queries.latest import latest_snapshot
from ksys_app.services.calculated import last_hour
from ksys_app.services.catalogue import find_calculated
from ksys_app.utils.cache import Answer


async def newest_samples(tag: str | None = None) -> Answer[Latest]:
    """The newest sample of each tag by name, or of one tag; a tag without samples has no row.

    For one calculated tag, the newest value of the last hour. The list of all tags has none.

    Raises:
        BadParameter: the calculated tag uses a function over time, and has no samples.
        UnknownTag: a tag of its expression does not exist.
    """
    answer = await latest_snapshot(tag)
    calculated = None if tag is None or answer.rows else await find_calculated(tag)
    if calculated is None:
        return answer
    if not calculated.pointwise:
        name = quoted_name(calculated.name)
        raise BadParameter(Message("errors.calculated_no_samples", {"tag": name}))
    samples = await last_hour(calculated, await database_clock(fresh=True))
    newest = [Latest(calculated.name, sample.value, sample.ts) for sample in samples[-1:]]
    return answer.of_rows(newest)
