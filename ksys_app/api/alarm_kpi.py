"""The HTTP endpoints of the alarm figures: KPIs and most frequent alarms (PRD §32.7)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response

from ksys_app.api import responses
from ksys_app.api.alarm_params import RankQuery, SpanQuery
from ksys_app.api.alarm_schemas import AlarmFigures, BadActors
from ksys_app.api.render import Json, json_response, time
from ksys_app.domain.alarms.measures import MEASURES
from ksys_app.models.alarm_kpi import TOP, Actor, Spell
from ksys_app.services import runtime
from ksys_app.services.alarm_kpi import KpiOfPeriod, read_kpi, time_of_us
from ksys_app.services.tags import require_known_tag

router = APIRouter(prefix="/api/v1/alarms")


@router.get(
    "/kpi",
    summary="Figures of alarms",
    responses=responses.plain(AlarmFigures) | responses.MANY,
)
async def kpi(query: SpanQuery) -> Response:
    """The figures of EEMUA 191 and ISA-18.2 of a time range, of the last seven days without one.

    A range has at most 92 days, and ends now at the latest.
    """
    return json_response(_body(await read_kpi(query.start, query.end)))


@router.get(
    "/bad_actors",
    summary="Most frequent alarms",
    responses=responses.plain(BadActors) | responses.MANY | responses.ANY_TAG,
)
async def bad_actors(query: RankQuery) -> Response:
    """Every alarm that was announced in a time range, the most frequent first.

    The time range is that of the figures. With ``tag`` only the alarms of one tag, with their
    places among all.
    """
    if query.tag is not None:
        await require_known_tag(query.tag)
    result = await read_kpi(query.start, query.end)
    zone, ranking = runtime.current().zone, result.kpi.ranking
    ranked = enumerate(zip(ranking, _actors(ranking), strict=True), 1)
    body = {
        "from": time(result.start, zone),
        "to": time(result.end, zone),
        "announced": result.kpi.announced,
        "ranked": len(ranking),
        "actors": [
            {"place": place, **entry}
            for place, (actor, entry) in ranked
            if query.tag in (None, actor.key.tag_name)
        ],
    }
    return json_response(body)


def _body(result: KpiOfPeriod) -> Json:
    kpi, zone = result.kpi, runtime.current().zone
    return {
        "from": time(result.start, zone),
        "to": time(result.end, zone),
        "figures": _figures(result),
        "bad_actors": _actors(kpi.actors),
        "chattering": [
            {**chatter.key._asdict(), "count": chatter.count, "most_in_60_s": chatter.most}
            for chatter in kpi.chattering
        ],
        "fleeting": _actors(kpi.fleeting),
        "stale": _spells(kpi.stale),
        "floods": [
            {
                "start": time(time_of_us(flood.start_us), zone),
                "end": time(time_of_us(flood.end_us), zone),
                "count": flood.count,
            }
            for flood in kpi.floods
        ],
        "time_to_ack": [
            {
                "priority": priority,
                "raised": answering.raised,
                "acked": answering.acked,
                "median_s": answering.median_s,
                "p95_s": answering.p95_s,
                "cleared_unacked": answering.missed,
            }
            for priority, answering in kpi.answering.items()
        ],
        "time_in_alarm": _spells(kpi.longest),
        "renewed_shelves": _actors(kpi.shelving.extended),
        "unreasoned_changes": [change._asdict() for change in kpi.changes.tags[:TOP]],
        "slots": kpi.slots,
    }


def _figures(result: KpiOfPeriod) -> list[Json]:
    figures = []
    for measure in MEASURES:
        value = measure.value(result.kpi, result.days)
        figures.append(
            {
                "name": measure.name,
                "value": None if value is None else round(value, 6),
                "unit": measure.unit,
                "formula": measure.formula,
                "good": measure.good,
                "limit": measure.limit,
                "verdict": measure.verdict(value),
            }
        )
    return figures


def _actors(actors: Sequence[Actor]) -> list[Json]:
    return [{**actor.key._asdict(), "count": actor.count, "share": actor.share} for actor in actors]


def _spells(spells: Sequence[Spell]) -> list[Json]:
    zone = runtime.current().zone
    return [
        {
            **spell.key._asdict(),
            "seconds": spell.seconds,
            "raised_at": None if spell.since_us is None else time(time_of_us(spell.since_us), zone),
        }
        for spell in spells
    ]
