"""The HTTP endpoints of tags, newest samples and QC rules."""

from __future__ import annotations

from typing import TypeVar

from fastapi import APIRouter, Response

from ksys_app.api import render, responses, schemas
from ksys_app.api.params import NoQuery, TagQuery, TagsQuery
from ksys_app.api.render import json_response
from ksys_app.api.too_many import too_many
from ksys_app.domain.names import clean_filter
from ksys_app.services import runtime
from ksys_app.services.latest import newest_samples
from ksys_app.services.rules import list_rules
from ksys_app.services.tags import MAX_TAGS, list_tags, require_known_tag
from ksys_app.utils.cache import Answer

T = TypeVar("T")

router = APIRouter(prefix="/api/v1")


@router.get(
    "/tags",
    summary="Known tags",
    responses=responses.row_list(schemas.Tag) | responses.ALL_TAGS,
)
async def tags(query: TagsQuery) -> Response:
    """Tags with samples, a rule or an expectation; ``last_ts`` is null if a tag never sent.

    The list of all tags may be five minutes old. With ``search``, the list is current and has the
    tags with every word in name or title.
    """
    tag_list = await list_tags(clean_filter(query.search or ""))
    answer, zone = tag_list.answer, runtime.current().zone
    if answer.rowcount > MAX_TAGS:
        raise too_many(MAX_TAGS, "search for a part of the name with search=")
    return json_response(
        [
            render.tag(row, tag_list.rules.get(row.tag_name), zone)
            | render.stale_mark(answer.error, answer.age_s)
            for row in answer.rows
        ]
    )


@router.get(
    "/latest",
    summary="Newest sample of each tag",
    responses=responses.row_list(schemas.Latest) | responses.ANY_TAG,
)
async def latest(query: TagQuery) -> Response:
    """The newest sample of each tag. A tag that never sent is not in the list."""
    answer, zone = _complete(await newest_samples(query.tag), MAX_TAGS), runtime.current().zone
    if query.tag is not None and not answer.rows:
        await require_known_tag(query.tag)
    return json_response(
        [
            render.latest(row, zone) | render.stale_mark(answer.error, answer.age_s)
            for row in answer.rows
        ]
    )


@router.get(
    "/qc",
    summary="QC rules",
    responses=responses.row_list(schemas.Rule) | responses.ALL_TAGS,
)
async def qc(_query: NoQuery) -> Response:
    """The rules with the column names of ``influx_qc_rule``; null means no such limit."""
    answer = _complete(await list_rules(), MAX_TAGS)
    return json_response(
        [render.rule(row) | render.stale_mark(answer.error, answer.age_s) for row in answer.rows]
    )


def _complete(answer: Answer[T], most_rows: int) -> Answer[T]:
    """``answer``, if it has all tags.

    Raises:
        PayloadBloat: the answer has reached ``most_rows``, so it may lack tags.
    """
    if answer.rowcount >= most_rows:
        raise too_many(most_rows)
    return answer
