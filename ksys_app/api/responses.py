"""The possible responses of an endpoint by status, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

from ksys_app import errors
from ksys_app.api import annotation_schemas, limit_schemas, readiness, schemas
from ksys_app.api.schemas import ABSENT, Exact, Nothing

Responses = dict[int | str, dict[str, Any]]
Figure = float | None


class Aging(Exact):
    """An object that may be stale; if it is, ``stale`` is true and ``stale_s`` is its age."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"stale": ["stale_s"], "stale_s": ["stale"]}}
    )

    stale: Literal[True] | Nothing = ABSENT
    stale_s: schemas.Seconds | Nothing = ABSENT


def may_be_stale(model: type[BaseModel]) -> type[BaseModel]:
    """``model`` with the optional fields of a stale answer."""
    return create_model(model.__name__, __base__=(Aging, model), __doc__=model.__doc__)


def some_columns(model: type[BaseModel]) -> type[BaseModel]:
    """A row of ``model`` with its time, its tag and the requested columns."""
    time, *rest = model.model_fields.items()
    fields: dict[str, Any] = {time[0]: (schemas.Moment, ...), "tag_name": (str | Nothing, ABSENT)}
    for name, field in rest:
        # All of them may be absent.
        fields[name] = (_count_or_figure(field) | Nothing, ABSENT)
    return create_model(f"{model.__name__}Row", __base__=Exact, __doc__=model.__doc__, **fields)


def _count_or_figure(field: FieldInfo) -> Any:
    """The type of a count, of a count that may be null, or of a figure."""
    if field.annotation is int:
        return schemas.Count
    return schemas.Count | None if field.annotation == schemas.Count | None else Figure


def by_column(model: type[BaseModel], or_deltas: Any = None) -> type[BaseModel]:
    """The rows of one tag as one list for each column; ``bucket`` in epoch milliseconds.

    Args:
        model: the shape of a row.
        or_deltas: the shape of an encoded column; None if every column is a list.
    """
    time, *rest = model.model_fields.items()
    fields: dict[str, Any] = {time[0]: (_or(list[int], or_deltas), ...)}
    for name, field in rest:
        values: Any = list[_count_or_figure(field)]  # type: ignore[misc]
        fields[name] = (_or(values, or_deltas) | Nothing, ABSENT)
    doc = f"{model.__doc__} One list for each column, ``bucket`` in epoch milliseconds."
    return create_model(f"{model.__name__}Columns", __base__=Exact, __doc__=doc, **fields)


def _or(kind: Any, alternative: Any) -> Any:
    return kind if alternative is None else kind | alternative


def _list(kind: Any) -> Any:
    return list[kind]


def series(head: type[BaseModel], row: type[BaseModel], or_deltas: Any = None) -> Any:
    """The shapes of a tag's series: by rows, and by columns, which may have shape ``or_deltas``."""
    rows: dict[str, Any] = {"rows": (_list(some_columns(row)), ...)}
    columns: dict[str, Any] = {"columns": (by_column(row, or_deltas), ...)}
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
    description: str,
    *kinds: type[errors.KsysError],
    base: type[schemas.ErrorBody] = schemas.ErrorBody,
    name: str = "Error",
) -> dict[str, Any]:
    """The response for these errors, which all have the same status."""
    (status,) = {kind.http_status for kind in kinds}
    codes: Any = Literal[tuple(kind.code for kind in kinds)]
    body: Any = create_model(f"{name}{status}Body", __base__=base, code=(codes, ...))
    model = create_model(f"{name}{status}", __base__=Exact, __doc__=description, error=(body, ...))
    return {"model": model, "description": description}


def _header(description: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "schema": schema, "required": required}


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
CONFLICT: Final = _error(
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

_OVERTAKEN: Final = _error(
    "Somebody else has changed the annotation; the answer has what is in force",
    errors.Conflict,
    base=annotation_schemas.NoteConflictBody,
    name="Annotation",
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
# For endpoints that answer for all tags, for one tag or all tags, and for named tags.
ALL_TAGS: Final[Responses] = {400: _BAD, 413: _MANY, **ALWAYS}
ANY_TAG: Final[Responses] = {400: _BAD, 404: _UNKNOWN, 413: _MANY, **ALWAYS}
NAMED_TAG: Final[Responses] = {400: _BAD, 404: _UNKNOWN, **ALWAYS}

EXPRESSION: Final[Responses] = {400: _EXPRESSION, 404: _UNNAMED}
EXPRESSION_CHANGE: Final[Responses] = EXPRESSION | {409: CONFLICT}
NOTE_CHANGE: Final[Responses] = {400: _BAD, 404: _UNKNOWN, 409: _OVERTAKEN}

_FILE_NAME: Final = {
    "Content-Disposition": _header(
        "The name of the file (RFC 6266)", {"type": "string", "pattern": "^attachment; "}
    )
}
_FILE: Responses = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string", "minLength": 1}}},
        "description": "UTF-8 with a byte order mark; the file ends early if the database fails",
        "headers": _FILE_NAME,
    }
}
CSV_FILE: Final = _FILE | NAMED_TAG


def binary_file(media_type: str) -> Responses:
    """The responses of an endpoint that sends a file of this media type about named tags."""
    shape = {"type": "string", "format": "binary"}
    file: dict[str, Any] = {
        "content": {media_type: {"schema": shape}},
        "description": "The file; it ends early if the database fails",
        "headers": _FILE_NAME,
    }
    return {200: file, **NAMED_TAG}


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


def row_list(model: type[BaseModel]) -> Responses:
    """The responses of an endpoint that answers with a list of ``model``, ordered by tag."""
    return {200: {"model": _list(may_be_stale(model)), "description": "The rows, ordered by tag"}}


def plain(model: Any) -> Responses:
    """The responses of an endpoint that answers with ``model`` and names no tag."""
    return {200: {"model": model, "description": "The answer"}, 400: _BAD, **ALWAYS}


def action(model: Any) -> Responses:
    """The responses of an endpoint that changes something; a body that is too long is refused."""
    return plain(model) | MANY


def page(model: Any) -> Responses:
    """The responses of an endpoint that answers with a page of rows about named tags."""
    return {200: {"model": model, "description": "The rows"}, **NAMED_TAG}


def changes_since(model: type[BaseModel], changes: type[BaseModel]) -> Responses:
    """The responses of a list: ``model``, ``changes`` since an earlier response, or 304."""
    answers: Any = may_be_stale(model) | may_be_stale(changes)
    return {
        200: {"model": answers, "description": "The answer"},
        304: {"description": "Nothing has changed since"},
    }


def limits(model: Any) -> Responses:
    """The responses of an endpoint that answers with limits."""
    return {200: {"model": model, "description": "The answer"}, **ANY_TAG}


def limit_change(model: Any) -> Responses:
    """The responses of an endpoint that changes limits."""
    return limits(model) | {400: _FAULTY, 409: CONFLICT}


def dry_run(model: Any) -> Responses:
    """The responses of an endpoint that computes a change of limits and saves nothing."""
    return limits(model) | {400: _FAULTY}


def dry_run_lines(model: type[BaseModel], media: str) -> Responses:
    """The responses of :func:`dry_run`, with lines of JSON in place of one object."""
    content = {media: {"schema": {"type": "string", "minLength": 1}}}
    description = (
        f"Lines, each of the shape {model.__name__}; the file ends early if the database fails"
    )
    return dry_run(model) | {200: {"content": content, "description": description}}


def with_etag(model: Any) -> Responses:
    """The responses of an endpoint with an ETag: 200, or 304 if the browser has the body."""
    tag = _header(
        "The ETag of these bytes; a stale answer has none", {"type": "string"}, required=False
    )
    return {
        200: {"model": model, "description": "Ascending by time", "headers": {"ETag": tag}},
        304: {"description": "Unchanged since the answer with the ETag of If-None-Match"},
        **NAMED_TAG,
    }
