"""The query parameters of the audit endpoint."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Query
from pydantic import Field, model_validator

from ksys_app.api.forms import WrongForm
from ksys_app.api.params import MAX_SEQ, NoParams
from ksys_app.api.time_params import Moment


class AuditParams(NoParams):
    """A time range, the largest number of entries, and the id that all entries must be below."""

    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    before: Annotated[int, Field(ge=1, le=MAX_SEQ)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    @model_validator(mode="after")
    def _from_is_before_to(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise WrongForm("from_to")
        return self


AuditQuery = Annotated[AuditParams, Query()]
