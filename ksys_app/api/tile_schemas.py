"""Response shapes of ``/api/v1/kpi``: some fields of a tile, and changed tiles (PRD §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, create_model

from ksys_app.api import schemas
from ksys_app.api.responses import Aging, Responses, may_be_stale
from ksys_app.api.schemas import ABSENT, Exact, Kpi, Nothing
from ksys_app.models.views import DRAWN, SHOWN, TileView


def _exact(name: str, doc: str, kinds: dict[str, Any]) -> Any:
    fields: dict[str, Any] = {field: (kind, ...) for field, kind in kinds.items()}
    return create_model(name, __base__=Exact, __doc__=doc, **fields)


_KINDS: dict[str, Any] = get_type_hints(TileView)


def _lists(names: Sequence[str]) -> dict[str, Any]:
    """Field to the type of a list of its values."""
    return {name: _list(_KINDS[name]) for name in names}


def _list(kind: Any) -> Any:
    return list[kind]


Shown: Any = _exact(
    "Shown",
    "What the page shows of a tile, but for what only tiles in sight have.",
    {name: _KINDS[name] for name in SHOWN},
)
_ShownColumns: Any = _exact(
    "ShownColumns", "The texts of the page, one list for each field.", _lists(SHOWN)
)
_DrawnColumns: Any = _exact(
    "DrawnColumns",
    "What only tiles in sight have, with ``ts_ms`` of the value: one list for each field.",
    _lists(("title", "ts_ms", *DRAWN)),
)


class SomeKpi(Kpi):
    """A KPI tile with the requested fields; ``shown`` has the texts of the page."""

    about: str
    group: str
    shown: Shown


class _Since(Aging):
    """The changes since a tick.

    If ``whole`` is true, the tiles are all tiles and replace those of the client. Otherwise they
    are the new and the changed tiles, and ``removed`` names the tiles that are gone. The next
    request has ``since=seq``. Each age is the age at ``now``, the time of the database's clock.
    """

    window: schemas.Window
    seq: schemas.Count
    whole: bool
    now: schemas.Moment | None
    removed: list[str]


def some_fields(model: type[BaseModel]) -> type[BaseModel]:
    """``model``, where all fields except the first one may be absent."""
    first, *rest = model.model_fields.items()
    fields: dict[str, Any] = {first[0]: (first[1].annotation, ...)}
    for name, field in rest:
        # Annotated needs at least one item, and a field may have no metadata.
        kind: Any = Annotated[field.annotation, None, *field.metadata]
        fields[name] = (kind | Nothing, ABSENT)
    return create_model(model.__name__, __base__=Aging, __doc__=model.__doc__, **fields)


def _columns(model: type[BaseModel], shown: Any) -> type[BaseModel]:
    """``model`` as one list for each field, where all lists except the first may be absent."""
    first, *rest = model.model_fields.items()
    fields: dict[str, Any] = {first[0]: (list[str], ...)}
    for name, field in rest:
        value_type: Any = Annotated[field.annotation, None, *field.metadata]
        kind = shown if name == "shown" else list[value_type]
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
    """The response 200 with tiles, or with the tiles that have changed."""
    some: Any = some_fields(SomeKpi)
    columns: Any = _columns(SomeKpi, _ShownColumns)
    tile: Any = may_be_stale(Kpi)
    model = (
        list[tile]
        | list[some]
        | _with(_InColumns, "KpiColumns", "columns", columns)
        | _with(_Since, "KpiSince", "tiles", list[some])
        | _with(_Since, "KpiSinceColumns", "columns", columns)
    )
    described = "The tiles, by tag; with ``since`` what has changed of them"
    return {200: {"model": model, "description": described}}


def drawn() -> Responses:
    """The response 200 with the sparklines of some tiles."""
    model = _with(_InColumns, "Sparklines", "columns", _DrawnColumns)
    return {200: {"model": model, "description": "By tag, one list for each field"}}
