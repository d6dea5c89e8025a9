"""The parameters of requests for tiles."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import AfterValidator, Field

from ksys_app.api.params import (
    MAX_EXPORT_TAGS,
    MAX_SEQ,
    NoParams,
    SearchText,
    TagName,
    WindowLabel,
    few,
    listed,
    names_of,
)
from ksys_app.api.tile_schemas import SomeKpi
from ksys_app.domain import names
from ksys_app.domain.ordering import MAX_PINS, Selection
from ksys_app.domain.windows import DEFAULT_WINDOW

PLACES: Final = "^[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*$"
MAX_PLACES: Final = 4000
KpiTags = Annotated[
    list[TagName],
    AfterValidator(few),
    Field(json_schema_extra={"maxItems": MAX_EXPORT_TAGS}),
]
Pins = Annotated[
    list[TagName],
    # The number of those that are sent, before names that are there twice are left out.
    Field(max_length=MAX_PINS),
    AfterValidator(lambda found: list(dict.fromkeys(found))),
]
_KPI: Final = tuple(SomeKpi.model_fields)


class PartParams(NoParams):
    """A window, and which tags: all, or those that hold every word of ``search``.

    With ``part`` there may be more than an answer has: it has those of ``pin``, then the first by
    name.
    """

    window: WindowLabel = Field(DEFAULT_WINDOW, validate_default=True)
    search: SearchText = ""
    pin: Pins = Field(default_factory=list)
    part: bool = False

    @property
    def selection(self) -> Selection:
        """The tiles that are asked for."""
        return Selection(self.window, names.clean_filter(self.search), tuple(self.pin))


class KpiParams(PartParams):
    """The same or the tags that are named, which fields of a tile, and since which tick."""

    tag: KpiTags = Field(default_factory=list)
    fields: Annotated[str, AfterValidator(names_of(_KPI)), listed(_KPI)] | None = None
    since: Annotated[int, Field(ge=0, le=MAX_SEQ, examples=[0])] | None = None
    format: Literal["rows", "columns"] = "rows"

    @property
    def selection(self) -> Selection:
        """The tiles that are asked for; tags that are named are not searched."""
        return Selection(self.window, tags=tuple(self.tag)) if self.tag else super().selection


class PlacesParams(PartParams):
    """The same, and places in the list of these tiles, from 0: ``0-59,130``."""

    places: Annotated[str, Field(pattern=PLACES, max_length=MAX_PLACES, examples=["0-59,130"])]


KpiQuery = Annotated[KpiParams, Query()]
PlacesQuery = Annotated[PlacesParams, Query()]
