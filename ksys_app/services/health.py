"""Reads the state of the database for a monitor: faults, jobs, aggregates and size."""

from __future__ import annotations

from collections.abc import Sequence

from ksys_app.domain.jobs import Judgement, judge
from ksys_app.models.health import Fault
from ksys_app.models.rows import Mark
from ksys_app.queries import health
from ksys_app.queries.aggregates import stored_to
from ksys_app.queries.alarm_state import evaluation
from ksys_app.queries.health import Messages
from ksys_app.queries.jobs import jobs


async def find_faults() -> list[Fault]:
    """The current faults that keep the app from serving, relations first.

    Raises:
        KsysError: the database cannot be read.
    """
    return await health.faults()


async def judge_jobs(*, fresh: bool = False) -> Judgement:
    """The jobs of the database and the state of each.

    Args:
        fresh: raise the error of a stale answer instead of judging it.
    """
    answer = await jobs()
    return judge(answer.fresh_rows() if fresh else answer.rows)


async def stored_aggregates() -> tuple[Mark, ...]:
    """The watermark of each aggregate.

    Raises:
        KsysError: the database cannot be read.
    """
    return (await stored_to()).fresh_rows()


async def alarm_evaluation_age_s() -> float | None:
    """Seconds since every tag was judged for alarms, None if nobody has ever evaluated.

    Raises:
        KsysError: the database cannot be read.
    """
    return (await evaluation()).age_s


async def alarm_messages() -> Sequence[Messages]:
    """The messages about alarms by route and state.

    Raises:
        KsysError: the database cannot be read.
    """
    return (await health.messages()).fresh_rows()


async def database_bytes() -> int:
    """The size of the database on its disk.

    Raises:
        KsysError: the database cannot be read.
    """
    (size,) = (await health.size()).fresh_rows()
    return size.bytes
