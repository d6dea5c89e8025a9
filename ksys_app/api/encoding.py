"""Response bodies whose columns are written as differences (PRD §33.2)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from ksys_app.api.render import Json
from ksys_app.api.schemas import Exact
from ksys_app.domain.deltas import MOST_DECIMALS, as_deltas

_TIMES: Final = ("times", "other_times")


class Deltas(Exact):
    """A column as differences of whole numbers, each from the one before, the first one from 0.

    A number is the sum of the differences up to it, divided by 10 to the power of ``decimals``. A
    missing number is null, and adds nothing.
    """

    decimals: Annotated[int, Field(ge=0, le=MOST_DECIMALS)]
    deltas: list[int | None]


def encoded(body: Json) -> Json:
    """``body`` with its columns and times as :class:`Deltas`, where that loses no digit."""
    answer = body | {name: _with_deltas(body[name]) for name in _TIMES if name in body}
    if "columns" in body:
        answer["columns"] = {name: _with_deltas(values) for name, values in body["columns"].items()}
    if "series" in body:
        answer["series"] = [encoded(series) for series in body["series"]]
    if "compare" in body:
        answer["compare"] = encoded(body["compare"])
    return answer


def _with_deltas(values: Any) -> Any:
    deltas = as_deltas(values)
    return values if deltas is None else deltas
