"""The parameters of the audit."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Query
from pydantic import Field, model_validator

from ksys_app.api.params import MAX_SEQ, Moment, NoParams


class AuditParams(NoParams):
    """A time range, how many entries, and the entry that they must be older than."""

    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    before: Annotated[int, Field(ge=1, le=MAX_SEQ)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    @model_validator(mode="after")
    def _from_is_before_to(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("from must be before to")
        return self


AuditQuery = Annotated[AuditParams, Query()]
