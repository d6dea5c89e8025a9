"""The parameters and bodies of requests about alarms."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

import orjson
from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from ksys_app.api.params import MAX_SEQ, Moment, NoParams, TagName, Tags
from ksys_app.models.alarm_rows import JournalKey
from ksys_app.models.alarms import AlarmCondition, Event
from ksys_app.services.alarms import MOST_ITEMS, MOST_MINUTES

MOST_ROWS: Final = 10_000
MOST_TEXT: Final = 1_000


def _said(value: str) -> str:
    if "\0" in value:
        raise ValueError("must have no NUL character")
    return value.strip()


def _needed(value: str) -> str:
    if not value:
        raise ValueError("must say something")
    return value


def _whole(value: Any) -> Any:
    """A number of a query string; a priority is one of four."""
    return int(value) if isinstance(value, str) and value in "1234" and value else value


def _integer(value: Any) -> Any:
    """A number of JSON: 15.0 is an integer as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Minutes = Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES), BeforeValidator(_integer)]
Priority = Annotated[
    Literal[1, 2, 3, 4],
    BeforeValidator(_whole),
]
Priorities = Annotated[list[Priority], Field(max_length=4)]
_TEXT: Final = {"pattern": r"^[^\u0000]*$"}
Text = Annotated[str, Field(max_length=MOST_TEXT, json_schema_extra=_TEXT), AfterValidator(_said)]
Reason = Annotated[
    str,
    Field(
        max_length=MOST_TEXT, json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
    ),
    AfterValidator(_said),
    AfterValidator(_needed),
]


class AlarmParams(NoParams):
    """Which alarms: those that stand in the list, some of them, the hidden ones, or all."""

    state: Literal["active", "unacked", "shelved", "all"] = "active"
    tag: Tags = Field(default_factory=list)
    priority: Priorities = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 2_000
    since: Annotated[int, Field(ge=0, le=MAX_SEQ)] | None = None


def _key(value: str) -> str:
    """A ``next`` of an earlier answer, checked."""
    try:
        read_key(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("must be the next of an earlier answer") from None
    return value


def read_key(text: str) -> JournalKey:
    """The key of a row from the ``next`` of an answer.

    Raises:
        ValueError, TypeError, OverflowError: it is not one.
    """
    ts, tag, condition, raised_at, event = orjson.loads(urlsafe_b64decode(text + "=="))
    texts = (ts, tag, condition, raised_at, event)
    if not all(isinstance(one, str) and "\0" not in one for one in texts):
        raise ValueError(text)
    times = [datetime.fromisoformat(one).astimezone(UTC) for one in (ts, raised_at)]
    return JournalKey(times[0], tag, condition, times[1], event)


def written_key(key: JournalKey) -> str:
    """``next`` of an answer: where the page after it begins."""
    times = [one.astimezone(UTC).isoformat() for one in (key.ts, key.raised_at)]
    parts = [times[0], key.tag_name, key.condition, times[1], key.event]
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


class SpanParams(NoParams):
    """A time range."""

    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _from_is_before_to(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("from must be before to")
        return self


class RankParams(SpanParams):
    """A time range, and one tag or all."""

    tag: TagName | None = None


class JournalFileParams(SpanParams):
    """Which rows of the journal; those of every tag, condition, event, priority and person."""

    tag: Tags = Field(default_factory=list)
    condition: Annotated[list[AlarmCondition], Field(max_length=8)] = Field(default_factory=list)
    event: Annotated[list[Event], Field(max_length=20)] = Field(default_factory=list)
    priority: Priorities = Field(default_factory=list)
    actor: Annotated[str, Field(max_length=MOST_TEXT, json_schema_extra=_TEXT)] | None = None
    order: Literal["newest", "oldest"] = "newest"

    @field_validator("actor")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        return None if value is None else _said(value)


class JournalParams(JournalFileParams):
    """The same, how many rows, and after which row."""

    after: Annotated[str, Field(max_length=40_000), AfterValidator(_key)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemBody(_Body):
    """An alarm: tag, condition, and the episode that the person sees."""

    tag_name: TagName
    condition: AlarmCondition
    raised_at: Moment | None = None


Items = Annotated[list[ItemBody], Field(min_length=1, max_length=MOST_ITEMS)]


class Commented(_Body):
    """Alarms and a comment."""

    items: Items
    comment: Text = ""


class Shelving(_Body):
    """Alarms that are shelved for some minutes; ``one_shot``: at the latest until they clear."""

    items: Items
    reason: Reason
    minutes: Minutes | None = None
    one_shot: Annotated[bool, Field(strict=True)] = False


class Unshelving(_Body):
    """Alarms whose shelf ends."""

    items: Items
    reason: Text = ""


class OutOfService(_Body):
    """Alarms that are taken out of service; ``end``: that are put back."""

    items: Items
    reason: Reason
    end: Annotated[bool, Field(strict=True)] = False


AlarmQuery = Annotated[AlarmParams, Query()]
JournalQuery = Annotated[JournalParams, Query()]
JournalFileQuery = Annotated[JournalFileParams, Query()]
SpanQuery = Annotated[SpanParams, Query()]
RankQuery = Annotated[RankParams, Query()]
