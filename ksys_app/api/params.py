"""What a request may ask; anything else is a 400 that says what is allowed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ksys_app.domain.windows import DEFAULT_WINDOW, LABELS, UnknownWindow, parse_window

MAX_TAG_LENGTH = 200


def _tag(value: str) -> str:
    if not value or len(value) > MAX_TAG_LENGTH or not value.isprintable():
        raise ValueError(f"must be 1 to {MAX_TAG_LENGTH} printable characters")
    return value


def _window(value: str) -> str:
    try:
        return parse_window(value).label
    except UnknownWindow as error:
        raise ValueError(str(error)) from None


TagName = Annotated[str, AfterValidator(_tag), Field(examples=["D100"])]
WindowLabel = Annotated[
    str, AfterValidator(_window), Field(examples=list(LABELS), json_schema_extra={"enum": LABELS})
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoParams(_Strict):
    """An endpoint that takes nothing."""


class TagParam(_Strict):
    """All tags, or one."""

    tag: TagName | None = None


class KpiParams(TagParam):
    """A window, and all tags or one."""

    window: WindowLabel = DEFAULT_WINDOW


NoQuery = Annotated[NoParams, Query()]
TagQuery = Annotated[TagParam, Query()]
KpiQuery = Annotated[KpiParams, Query()]


def problem(errors: list[dict[str, Any]]) -> str:
    """One sentence for a list of validation errors: each parameter and what is allowed."""
    return "; ".join(_sentence(error) for error in errors)


def _sentence(error: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"] if part != "query")
    if error["type"] == "extra_forbidden":
        return f"parameter {name[:40]!r} is unknown here; see /api/v1/docs"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message if message.startswith(name) else f"{name} {message}"
