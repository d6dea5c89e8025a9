"""The query parameters of series files (PRD §33.11)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator

from ksys_app.api.params import PeriodParams, TagNames, names_schema, names_validator
from ksys_app.api.schemas import Bucket
from ksys_app.api.time_params import CompareText
from ksys_app.domain.file_tables import Layout
from ksys_app.domain.ranges import Resolution

FIGURES: Final = tuple(Bucket.model_fields)[1:]
"""The columns of a bucket, without its time."""


class SeriesFileParams(PeriodParams):
    """Tags, a window or range, the bucket width, the compared time, and the layout and figures."""

    tag: TagNames
    bucket: Resolution | None = None
    compare: CompareText | None = None
    layout: Layout = "columns"
    fields: Annotated[str, AfterValidator(names_validator(FIGURES)), names_schema(FIGURES)] = (
        "avg,min,max,last"
    )

    @property
    def figures(self) -> tuple[str, ...]:
        """The requested figures, in the order of :data:`FIGURES`."""
        chosen = self.fields.split(",")
        return tuple(name for name in FIGURES if name in chosen)


SeriesFileQuery = Annotated[SeriesFileParams, Query()]
