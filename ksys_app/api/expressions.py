"""The HTTP endpoints that evaluate expressions over tags, and save them by name (PRD §33.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ksys_app.api import render, responses
from ksys_app.api.conditional_json import conditional_json
from ksys_app.api.forms import WrongForm
from ksys_app.api.limit_schemas import Reason, Version
from ksys_app.api.limits import author_of
from ksys_app.api.params import NoQuery, PeriodParams, TagName
from ksys_app.api.render import json_response
from ksys_app.api.schemas import ABSENT, Count, Exact, Moment, Nothing, View, Window
from ksys_app.domain.columns import round_column
from ksys_app.domain.expressions.functions import MAX_DIGITS
from ksys_app.domain.expressions.tokens import MAX_TEXT
from ksys_app.domain.kpi import decimals
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import BucketName
from ksys_app.models.expressions import SavedExpression
from ksys_app.models.rows import MAX_UNIT
from ksys_app.services import expressions as service, runtime, saved_expressions
from ksys_app.services.expressions import Calculated
from ksys_app.services.periods import read_period
from ksys_app.texts import say

router = APIRouter(prefix="/api/v1/expressions")
_EXAMPLE: Final = "D200 - D201"
Text = Annotated[str, Field(max_length=MAX_TEXT, examples=[_EXAMPLE])]
Figure = float | None


def _unit(value: str) -> str:
    if not value.isprintable():
        raise WrongForm("printable")
    return value.strip()


class Calculation(PeriodParams):
    """An expression, a window or a range, the bucket width, and the layout of the values."""

    expr: Text
    bucket: BucketName | None = None
    format: Literal["rows", "columns"] = "rows"


class NewExpression(BaseModel):
    """An expression to save, the version that the person saw (0: none), and why."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    unit: Annotated[str, AfterValidator(_unit), Field(max_length=MAX_UNIT)] = ""
    decimals: Annotated[int, Field(ge=0, le=MAX_DIGITS)] | None = None
    version: Version
    reason: Reason


class Deletion(BaseModel):
    """The version that the person saw, and why."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    reason: Reason


class Expression(Exact):
    """A saved expression; without ``decimals`` its values have as many as they need."""

    name: str
    text: str
    unit: str
    decimals: int | None
    version: Count
    author: str
    saved_at: Moment


class UnitWarning(Exact):
    """A part of the text whose units do not fit; ``key`` and ``values`` are it for a page."""

    message: str
    at: Count
    length: Count
    key: str
    values: dict[str, Any]


class ValueRow(Exact):
    """The values of a bucket: from the averages of the tags, and from their last values."""

    bucket: Moment
    avg: Figure
    last: Figure


class ValueColumns(Exact):
    """The values as one list for each column, ``bucket`` in epoch milliseconds."""

    bucket: list[int]
    avg: list[Figure]
    last: list[Figure]


class _Values(responses.Aging):
    expr: str
    tags: list[str]
    unit: str
    warnings: list[UnitWarning]
    window: Window | None
    from_: Annotated[Moment | Nothing, Field(alias="from")] = ABSENT
    to: Moment | Nothing = ABSENT
    bucket_s: Count
    from_ms: int
    to_ms: int
    bucket: BucketName
    view: View


class ValuesByRows(_Values):
    """The values of an expression; a bucket without any has no row."""

    rows: list[ValueRow]


class ValuesByColumns(_Values):
    """The values of an expression, by columns."""

    columns: ValueColumns


@router.get(
    "/evaluate",
    summary="The values of an expression",
    responses=responses.with_etag(ValuesByRows | ValuesByColumns) | responses.EXPRESSION,
)
async def evaluate(query: Annotated[Calculation, Query()], request: Request) -> Response:
    """An expression over tags and saved expressions, for each bucket of a window or range."""
    period = await read_period(query.window, query.start, query.end, query.bucket)
    result = await service.calculate(query.expr, period)
    # A saved expression or a unit may have changed after the rows were read, so the name of the
    # stored body contains what the expression means now.
    about = f"{query.expr}\0{result.node}\0{result.unit}\0{result.decimals}\0{result.warnings}"
    digest = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()
    name = f"{query.format} {digest}"
    return await conditional_json(request, result.answer, name, lambda: _body(query, result))


@router.get(
    "",
    summary="Saved expressions",
    responses=responses.plain(list[Expression]) | responses.EXPRESSION,
)
async def saved(_query: NoQuery) -> Response:
    """Every saved expression, by name."""
    return json_response(
        [_saved(expression) for expression in await saved_expressions.list_saved()]
    )


@router.get(
    "/{name:text}",
    summary="A saved expression",
    responses=responses.plain(Expression) | responses.EXPRESSION,
)
async def one(_query: NoQuery, name: Annotated[TagName, Path()]) -> Response:
    """The saved expression with this name."""
    return json_response(_saved(await saved_expressions.find_saved(name)))


@router.put(
    "/{name:text}",
    summary="Save an expression",
    responses=responses.action(Expression) | responses.EXPRESSION_CHANGE,
)
async def put(request: Request, name: Annotated[TagName, Path()], sent: NewExpression) -> Response:
    """Save an expression, if nobody changed it since the version that the person saw."""
    author = author_of(request, sent.reason)
    saved_expression = await saved_expressions.save(
        name, sent.text, sent.unit, sent.decimals, sent.version, author
    )
    return json_response(_saved(saved_expression))


@router.delete(
    "/{name:text}",
    summary="Delete a saved expression",
    status_code=204,
    responses=responses.NO_CONTENT | responses.EXPRESSION_CHANGE,
)
async def delete(
    request: Request, name: Annotated[TagName, Path()], query: Annotated[Deletion, Query()]
) -> Response:
    """Delete a saved expression that no other one uses."""
    await saved_expressions.delete(name, query.version, author_of(request, query.reason))
    return Response(status_code=204)


def _body(query: Calculation, result: Calculated) -> dict[str, Any]:
    starts, (of_avg, of_last) = result.values()
    zone = runtime.current().zone
    if query.format == "columns":
        numbers = [value for value in (*of_avg, *of_last) if value == value]
        digits = result.decimals
        if digits is None:
            digits = decimals(None, min(numbers, default=None), max(numbers, default=None))
        lists = {"avg": round_column(of_avg, digits), "last": round_column(of_last, digits)}
        values: dict[str, Any] = {"columns": {"bucket": starts} | lists}
    else:
        rows = zip(starts, of_avg, of_last, strict=True)
        values = {
            "rows": [
                {"bucket": datetime.fromtimestamp(ms / 1000, zone), "avg": avg, "last": last}
                for ms, avg, last in rows
            ]
        }
    return {
        "expr": result.text,
        "tags": result.tags,
        "unit": result.unit,
        "warnings": [
            {
                "message": say(warning.sentence),
                "at": warning.span.at,
                "length": warning.span.length,
                "key": warning.sentence.key,
                "values": warning.sentence.values,
            }
            for warning in result.warnings
        ],
        **render.period(result.answer, result.period, result.period.width, zone),
        "bucket_s": int(result.period.width.total_seconds()),
        "from_ms": epoch_ms(result.start),
        "to_ms": epoch_ms(result.end),
        "bucket": result.period.bucket,
        "view": result.period.view,
        **render.stale_mark(result.answer.error, result.answer.age_s),
        **values,
    }


def _saved(expression: SavedExpression) -> dict[str, Any]:
    return {
        "name": expression.name,
        "text": expression.text,
        "unit": expression.unit,
        "decimals": expression.decimals,
        "version": expression.version,
        "author": expression.author,
        "saved_at": render.time(expression.saved_at, runtime.current().zone),
    }
