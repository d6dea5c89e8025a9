"""Shapes of ``/api/v1/kpi`` with some fields, and of the changes since a tick (PRD §6.2)."""

from __future__ import annotations

from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, create_model

from ksys_app.api import schemas
from ksys_app.api.responses import Aging, Responses, aging
from ksys_app.api.schemas import ABSENT, Exact, Kpi, Nothing
from ksys_app.models.views import TileView


def _exact(model: type[Any]) -> Any:
    """The same fields as those of a dataclass, all of them there."""
    fields: dict[str, Any] = {name: (kind, ...) for name, kind in get_type_hints(model).items()}
    return create_model(model.__name__, __base__=Exact, __doc__=model.__doc__, **fields)


Shown: Any = _exact(TileView)


class SomeKpi(Kpi):
    """A KPI tile with the fields that were asked for; ``shown`` is what the page shows of it."""

    about: str
    group: str
    shown: Shown


class _Since(Aging):
    """What has changed since a tick.

    ``whole``: ``tiles`` are all tiles, and replace those that the reader has. Else ``tiles`` are
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


def tiles() -> Responses:
    """A 200 that answers tiles, or what has changed of them."""
    some: Any = some_fields(SomeKpi)
    since = create_model(
        "KpiSince", __base__=_Since, __doc__=_Since.__doc__, tiles=(list[some], ...)
    )
    whole: Any = aging(Kpi)
    model = list[whole] | list[some] | since
    described = "The tiles, by tag; with ``since`` what has changed of them"
    return {200: {"model": model, "description": described}}
