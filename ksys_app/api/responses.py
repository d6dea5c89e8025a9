"""The possible answers of an endpoint, by status, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, create_model

from ksys_app import errors
from ksys_app.api import limit_schemas, readiness, schemas
from ksys_app.api.schemas import ABSENT, Exact, Nothing

Responses = dict[int | str, dict[str, Any]]
Figure = float | None


class Aging(Exact):
    """An object of an answer that may be older than the question: then it says so."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"stale": ["stale_s"], "stale_s": ["stale"]}}
    )

    stale: Literal[True] | Nothing = ABSENT
    stale_s: schemas.Seconds | Nothing = ABSENT


def aging(model: type[BaseModel]) -> type[BaseModel]:
    """``model`` with the optional fields of a stale answer."""
    return create_model(model.__name__, __base__=(Aging, model), __doc__=model.__doc__)


def some_columns(model: type[BaseModel]) -> type[BaseModel]:
    """A row of ``model`` with its time, its tag and the requested columns."""
    time, *rest = model.model_fields.items()
    fields: dict[str, Any] = {time[0]: (schemas.Moment, ...), "tag_name": (str | Nothing, ABSENT)}
    for name, field in rest:
        # A figure may be null, a count may not; both may be absent.
        kind: Any = schemas.Count | Nothing if field.annotation is int else Figure
        fields[name] = (kind, ABSENT)
    return create_model(f"{model.__name__}Row", __base__=Exact, __doc__=model.__doc__, **fields)


def by_column(model: type[BaseModel]) -> type[BaseModel]:
    """The rows of one tag as one list for each column; ``bucket`` in epoch milliseconds."""
    time, *rest = model.model_fields.items()
    fields: dict[str, Any] = {time[0]: (list[int], ...)}
    for name, field in rest:
        values: Any = list[schemas.Count] if field.annotation is int else list[Figure]
        fields[name] = (values | Nothing, ABSENT)
    doc = f"{model.__doc__} One list for each column, ``bucket`` in epoch milliseconds."
    return create_model(f"{model.__name__}Columns", __base__=Exact, __doc__=doc, **fields)


def _list(kind: Any) -> Any:
    return list[kind]


def series(head: type[BaseModel], row: type[BaseModel]) -> Any:
    """A tag's series, by rows or by columns."""
    rows: dict[str, Any] = {"rows": (_list(some_columns(row)), ...)}
    columns: dict[str, Any] = {"columns": (by_column(row), ...)}
    by_rows, by_columns = (
        create_model(
            f"{head.__name__}By{name.title()}",
            __base__=(Aging, head),
            __doc__=head.__doc__,
            **fields,
        )
        for name, fields in (("rows", rows), ("columns", columns))
    )
    return by_rows | by_columns


def _error(
    described: str,
    *kinds: type[errors.KsysError],
    base: type[schemas.ErrorBody] = schemas.ErrorBody,
    name: str = "Error",
) -> dict[str, Any]:
    """The answer for these errors, which all have the same status."""
    (status,) = {kind.http_status for kind in kinds}
    known: Any = Literal[tuple(kind.code for kind in kinds)]
    body: Any = create_model(f"{name}{status}Body", __base__=base, code=(known, ...))
    model = create_model(f"{name}{status}", __base__=Exact, __doc__=described, error=(body, ...))
    return {"model": model, "description": described}


def _header(described: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"description": described, "schema": schema, "required": required}


_RETRY: Final = {"Retry-After": _header("Seconds", {"type": "integer", "minimum": 1})}
_BAD: Final = _error("A parameter is wrong; the message says what is allowed", errors.BadParameter)
_UNKNOWN: Final = _error("The tag does not exist", errors.UnknownTag)
_MANY: Final = _error(
    "The answer would have too many rows; the message says what to request instead",
    errors.PayloadBloat,
)
_NOBODY: Final = _error("Nobody is logged in, or the token is unknown", errors.AuthRequired)
_DENIED: Final = _error("The role does not suffice, or a foreign page asks", errors.Forbidden)
_OFTEN: Final = _error("Too many requests", errors.RateLimited) | {"headers": _RETRY}
_WRONG: Final = _error(
    "The schema of the database is wrong, or the app has a bug; the log has the details",
    errors.KsysError,
    errors.SchemaDrift,
)
_AWAY: Final = _error(
    "The database does not answer, or answers with an error of its own",
    errors.DatabaseUnreachable,
    errors.DatabaseTimeout,
    errors.DatabaseFault,
    errors.DatabaseRestoring,
) | {"headers": _RETRY}

_LONG: Final = _error("The address is too long: ask for fewer tags at once", errors.AddressTooLong)
_WALL: Final[Responses] = {401: _NOBODY, 403: _DENIED, 414: _LONG, 429: _OFTEN}
_FAULTY: Final = _error(
    "The limits cannot be saved; each column that is wrong is named",
    errors.BadParameter,
    base=limit_schemas.FaultyBody,
    name="Faulty",
)
_CONFLICT: Final = _error(
    "Somebody else has changed it; of limits the answer has both versions",
    errors.Conflict,
    base=limit_schemas.ConflictBody,
)

_EXPRESSION: Final = _error(
    "A parameter or an expression is wrong; of an expression the answer has the place",
    errors.BadParameter,
    base=schemas.PlacedBody,
    name="Expression",
)
_UNNAMED: Final = _error(
    "No tag and no saved expression has this name; in an expression with its place",
    errors.UnknownTag,
    base=schemas.PlacedBody,
    name="Expression",
)

ALWAYS: Final[Responses] = _WALL | {500: _WRONG, 503: _AWAY}
NO_CONTENT: Final[Responses] = {
    204: {"description": "Done; the answer sets or deletes the cookie of the session"},
    400: _BAD,
    **ALWAYS,
}
LOGOUT: Final[Responses] = NO_CONTENT | {
    204: {
        "description": "Done; the answer deletes the cookie of the session",
        "headers": {
            "Location": {
                "description": "Where the browser ends the login at the identity provider too",
                "schema": {"type": "string"},
            }
        },
    }
}
# For endpoints with all tags; with one tag or all tags; with named tags.
ALL_TAGS: Final[Responses] = {400: _BAD, 413: _MANY, **ALWAYS}
ANY_TAG: Final[Responses] = {400: _BAD, 404: _UNKNOWN, 413: _MANY, **ALWAYS}
NAMED_TAG: Final[Responses] = {400: _BAD, 404: _UNKNOWN, **ALWAYS}

EXPRESSION: Final[Responses] = {400: _EXPRESSION, 404: _UNNAMED}
EXPRESSION_CHANGE: Final[Responses] = EXPRESSION | {409: _CONFLICT}

_FILE: Responses = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string", "minLength": 1}}},
        "description": "UTF-8 with a byte order mark; the file ends early if the database fails",
        "headers": {
            "Content-Disposition": _header(
                "The name of the file (RFC 6266)", {"type": "string", "pattern": "^attachment; "}
            )
        },
    }
}
CSV_FILE: Final = _FILE | NAMED_TAG
_FIGURES: Responses = {
    200: {
        "content": {"text/plain": {"schema": {"type": "string", "minLength": 1}}},
        "description": "Prometheus text, also while the database is away",
    }
}
MANY: Final[Responses] = {413: _MANY}
METRICS: Final = _FIGURES | ALWAYS
READINESS: Final[Responses] = {
    200: {"model": readiness.Ready | readiness.OnlyReady, "description": "The process can serve"},
    500: _WRONG,
    503: {
        "model": readiness.NotReady | readiness.OnlyReady | _AWAY["model"],
        "description": "The process cannot serve: it is starting, or because of the database",
        "headers": _RETRY,
    },
}


def listed(model: type[BaseModel]) -> Responses:
    """The responses of a list of ``model``."""
    return {200: {"model": _list(aging(model)), "description": "The rows, ordered by tag"}}


def access(model: Any) -> Responses:
    """The responses of an answer about people and their sessions."""
    return {200: {"model": model, "description": "The answer"}, 400: _BAD, **ALWAYS}


def acted(model: Any) -> Responses:
    """The responses of what changes something; a body that is too long is refused."""
    return access(model) | MANY


def paged(model: Any) -> Responses:
    """The responses of a page of rows."""
    return {200: {"model": model, "description": "The rows"}, **NAMED_TAG}


def unchanged(model: type[BaseModel], changes: type[BaseModel]) -> Responses:
    """``model``, or ``changes`` since an earlier answer, with 304 where there are none."""
    answers: Any = aging(model) | aging(changes)
    return {
        200: {"model": answers, "description": "The answer"},
        304: {"description": "Nothing has changed since"},
    }


def limits(model: Any) -> Responses:
    """The responses of an answer about limits."""
    return {200: {"model": model, "description": "The answer"}, **ANY_TAG}


def changing(model: Any) -> Responses:
    """The responses of a change of limits."""
    return limits(model) | {400: _FAULTY, 409: _CONFLICT}


def trying(model: Any) -> Responses:
    """The responses of a look at what a change of limits would do."""
    return limits(model) | {400: _FAULTY}


def trying_lines(model: type[BaseModel], media: str) -> Responses:
    """The same, as lines of JSON."""
    content = {media: {"schema": {"type": "string", "minLength": 1}}}
    told = f"Lines, each of the shape {model.__name__}; the file ends early if the database fails"
    return trying(model) | {200: {"content": content, "description": told}}


def with_etag(model: Any) -> Responses:
    """The responses of ``model`` with an ETag: 200, or 304 if the browser has it already."""
    tag = _header(
        "The ETag of these bytes; a stale answer has none", {"type": "string"}, required=False
    )
    return {
        200: {"model": model, "description": "Ascending by time", "headers": {"ETag": tag}},
        304: {"description": "Unchanged since the answer with the ETag of If-None-Match"},
        **NAMED_TAG,
    }
