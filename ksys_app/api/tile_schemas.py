"""Shapes of ``/api/v1/kpi`` with some fields, and of the changes since a tick (PRD §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, create_model

from ksys_app.api import schemas
from ksys_app.api.responses import Aging, Responses, aging
from ksys_app.api.schemas import ABSENT, Exact, Kpi, Nothing
from ksys_app.models.views import DRAWN, SHOWN, TileView


def _exact(name: str, doc: str, kinds: dict[str, Any]) -> Any:
    fields: dict[str, Any] = {field: (kind, ...) for field, kind in kinds.items()}
    return create_model(name, __base__=Exact, __doc__=doc, **fields)


_KINDS: dict[str, Any] = get_type_hints(TileView)


def _lists(names: Sequence[str]) -> dict[str, Any]:
    """Lists of these fields."""
    return {name: _list(_KINDS[name]) for name in names}


def _list(kind: Any) -> Any:
    return list[kind]


Shown: Any = _exact(
    "Shown",
    "What the page shows of a tile, but for what only tiles in sight have.",
    {name: _KINDS[name] for name in SHOWN},
)
_ShownColumns: Any = _exact("ShownColumns", "The same as one list for each field.", _lists(SHOWN))
_DrawnColumns: Any = _exact(
    "DrawnColumns",
    "What only tiles in sight have, with ``ts_ms`` of the value: one list for each field.",
    _lists(("title", "ts_ms", *DRAWN)),
)


class SomeKpi(Kpi):
    """A KPI tile with the fields that were asked for; ``shown`` is what the page shows of it."""

    about: str
    group: str
    shown: Shown


class _Since(Aging):
    """What has changed since a tick.

    ``whole``: the tiles are all tiles, and replace those that the reader has. Else they are
    those that are new or have changed, and ``removed`` names those that are gone. The next question
    has ``since=seq``. An age is that at the moment ``now`` of the database's clock.
    """

    window: schemas.Window
    seq: schemas.Count
    whole: bool
    now: schemas.Moment | None
    removed: list[str]


def some_fields(model: type[BaseModel]) -> type[BaseModel]:
    """``model`` with its first field and the fields that were asked for."""
    first, *rest = model.model_fields.items()
    fields: dict[str, Any] = {first[0]: (first[1].annotation, ...)}
    for name, field in rest:
        # The first item says nothing; there may be no other one.
        kind: Any = Annotated[field.annotation, None, *field.metadata]
        fields[name] = (kind | Nothing, ABSENT)
    return create_model(model.__name__, __base__=Aging, __doc__=model.__doc__, **fields)


def _columns(model: type[BaseModel], shown: Any) -> type[BaseModel]:
    """``model`` as one list for each field that was asked for."""
    first, *rest = model.model_fields.items()
    fields: dict[str, Any] = {first[0]: (list[str], ...)}
    for name, field in rest:
        one: Any = Annotated[field.annotation, None, *field.metadata]
        kind = shown if name == "shown" else list[one]
        fields[name] = (kind | Nothing, ABSENT)
    doc = f"{model.__doc__} One list for each field."
    return create_model(f"{model.__name__}Columns", __base__=Exact, __doc__=doc, **fields)


class _InColumns(Aging):
    """The tiles as columns, with the moment of the database's clock of which they are."""

    window: schemas.Window
    now: schemas.Moment | None


def _with(base: type[BaseModel], name: str, field: str, kind: Any) -> Any:
    fields: dict[str, Any] = {field: (kind, ...)}
    return create_model(name, __base__=base, __doc__=base.__doc__, **fields)


def tiles() -> Responses:
    """A 200 that answers tiles, or what has changed of them."""
    some: Any = some_fields(SomeKpi)
    columns: Any = _columns(SomeKpi, _ShownColumns)
    whole: Any = aging(Kpi)
    model = (
        list[whole]
        | list[some]
        | _with(_InColumns, "KpiColumns", "columns", columns)
        | _with(_Since, "KpiSince", "tiles", list[some])
        | _with(_Since, "KpiSinceColumns", "columns", columns)
    )
    described = "The tiles, by tag; with ``since`` what has changed of them"
    return {200: {"model": model, "description": described}}


def drawn() -> Responses:
    """A 200 that answers the sparklines of some tiles."""
    model = _with(_InColumns, "Sparklines", "columns", _DrawnColumns)
    return {200: {"model": model, "description": "By tag, one list for each field"}}
