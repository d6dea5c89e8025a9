"""The figures of alarms over HTTP (PRD §32.7)."""

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
from ksys_app.services.alarm_kpi import KpiOfPeriod, moment, read_kpi
from ksys_app.services.tags import require_known_tag

router = APIRouter(prefix="/api/v1/alarms")


@router.get(
    "/kpi",
    summary="Figures of alarms",
    responses=responses.access(AlarmFigures) | responses.MANY,
)
async def kpi(query: SpanQuery) -> Response:
    """The figures of EEMUA 191 and ISA-18.2 of a time range, of the last seven days without one.

    A range has at most 92 days, and ends now at the latest.
    """
    return json_response(_body(await read_kpi(query.start, query.end)))


@router.get(
    "/bad_actors",
    summary="Most frequent alarms",
    responses=responses.access(BadActors) | responses.MANY | responses.ANY_TAG,
)
async def bad_actors(query: RankQuery) -> Response:
    """Every alarm that was announced in a time range, the most frequent first.

    The time range is that of the figures. With ``tag`` only the alarms of one tag, with their
    places among all.
    """
    if query.tag is not None:
        await require_known_tag(query.tag)
    found = await read_kpi(query.start, query.end)
    zone, ranking = runtime.current().zone, found.kpi.ranking
    ranked = enumerate(zip(ranking, _actors(ranking), strict=True), 1)
    body = {
        "from": time(found.start, zone),
        "to": time(found.end, zone),
        "announced": found.kpi.announced,
        "ranked": len(ranking),
        "actors": [
            {"place": place, **entry}
            for place, (one, entry) in ranked
            if query.tag in (None, one.key.tag_name)
        ],
    }
    return json_response(body)


def _body(found: KpiOfPeriod) -> Json:
    kpi, zone = found.kpi, runtime.current().zone
    return {
        "from": time(found.start, zone),
        "to": time(found.end, zone),
        "figures": _figures(found),
        "bad_actors": _actors(kpi.actors),
        "chattering": [
            {**one.key._asdict(), "count": one.count, "most_in_60_s": one.most}
            for one in kpi.chattering
        ],
        "fleeting": _actors(kpi.fleeting),
        "stale": _spells(kpi.stale),
        "floods": [
            {
                "start": time(moment(one.start_us), zone),
                "end": time(moment(one.end_us), zone),
                "count": one.count,
            }
            for one in kpi.floods
        ],
        "time_to_ack": [
            {
                "priority": priority,
                "raised": one.raised,
                "acked": one.acked,
                "median_s": one.median_s,
                "p95_s": one.p95_s,
                "cleared_unacked": one.missed,
            }
            for priority, one in kpi.answering.items()
        ],
        "time_in_alarm": _spells(kpi.longest),
        "renewed_shelves": _actors(kpi.shelving.extended),
        "unreasoned_changes": [one._asdict() for one in kpi.changes.tags[:TOP]],
        "slots": kpi.slots,
    }


def _figures(found: KpiOfPeriod) -> list[Json]:
    made = []
    for one in MEASURES:
        value = one.value(found.kpi, found.days)
        made.append(
            {
                "name": one.name,
                "value": None if value is None else round(value, 6),
                "unit": one.unit,
                "formula": one.formula,
                "good": one.good,
                "limit": one.limit,
                "verdict": one.verdict(value),
            }
        )
    return made


def _actors(actors: Sequence[Actor]) -> list[Json]:
    return [{**one.key._asdict(), "count": one.count, "share": one.share} for one in actors]


def _spells(spells: Sequence[Spell]) -> list[Json]:
    zone = runtime.current().zone
    return [
        {
            **one.key._asdict(),
            "seconds": one.seconds,
            "raised_at": None if one.since_us is None else time(moment(one.since_us), zone),
        }
        for one in spells
    ]
