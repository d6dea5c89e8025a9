"""Query parameters of the endpoints of tiles."""

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
    at_most_nine,
    names_schema,
    names_validator,
)
from ksys_app.api.tile_schemas import SomeKpi
from ksys_app.domain import names
from ksys_app.domain.ordering import MAX_PINS, Selection
from ksys_app.domain.windows import DEFAULT_WINDOW

PLACES: Final = "^[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*$"
MAX_PLACES: Final = 4000
KpiTags = Annotated[
    list[TagName],
    AfterValidator(at_most_nine),
    Field(json_schema_extra={"maxItems": MAX_EXPORT_TAGS}),
]
Pins = Annotated[
    list[TagName],
    # The limit counts all sent names, also those that appear twice.
    Field(max_length=MAX_PINS),
    AfterValidator(lambda found: list(dict.fromkeys(found))),
]
_KPI: Final = tuple(SomeKpi.model_fields)


class PartParams(NoParams):
    """A window, and all tags or the tags that contain every word of ``search``.

    With ``part``, more tags may match than a response has: it has the tags of ``pin``, and then the
    first ones by name.
    """

    window: WindowLabel = Field(DEFAULT_WINDOW, validate_default=True)
    search: SearchText = ""
    pin: Pins = Field(default_factory=list)
    part: bool = False

    @property
    def selection(self) -> Selection:
        """The requested tiles."""
        return Selection(self.window, names.clean_filter(self.search), tuple(self.pin))


class KpiParams(PartParams):
    """A window and tags, the fields of a tile, the ``seq`` of an earlier response, the layout."""

    tag: KpiTags = Field(default_factory=list)
    fields: Annotated[str, AfterValidator(names_validator(_KPI)), names_schema(_KPI)] | None = None
    since: Annotated[int, Field(ge=0, le=MAX_SEQ, examples=[0])] | None = None
    format: Literal["rows", "columns"] = "rows"

    @property
    def selection(self) -> Selection:
        """The requested tiles. If the request names tags, ``search`` is ignored."""
        return Selection(self.window, tags=tuple(self.tag)) if self.tag else super().selection


class PlacesParams(PartParams):
    """A window and tags, and places in the list of their tiles, from 0: ``0-59,130``."""

    places: Annotated[str, Field(pattern=PLACES, max_length=MAX_PLACES, examples=["0-59,130"])]


KpiQuery = Annotated[KpiParams, Query()]
PlacesQuery = Annotated[PlacesParams, Query()]
