"""Query parameters and request bodies of the alarm endpoints."""

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

from ksys_app.api.forms import WrongForm
from ksys_app.api.params import MAX_SEQ, NoParams, TagName, Tags
from ksys_app.api.time_params import Moment
from ksys_app.models.alarm_rows import JournalKey
from ksys_app.models.alarms import AlarmCondition, Event
from ksys_app.services.alarms import MOST_ITEMS, MOST_MINUTES

MOST_ROWS: Final = 10_000
MOST_TEXT: Final = 1_000


def _clean_text(value: str) -> str:
    """``value`` without surrounding blanks. A NUL character is refused."""
    if "\0" in value:
        raise WrongForm("no_nul")
    return value.strip()


def _not_empty(value: str) -> str:
    if not value:
        raise WrongForm("something")
    return value


def _parse_priority(value: Any) -> Any:
    """A priority from a query string as an integer. Any other value is returned unchanged."""
    return int(value) if isinstance(value, str) and value in "1234" and value else value


def _parse_integer(value: Any) -> Any:
    """A JSON number such as 15.0 as an integer. Any other value is returned unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Minutes = Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES), BeforeValidator(_parse_integer)]
Priority = Annotated[
    Literal[1, 2, 3, 4],
    BeforeValidator(_parse_priority),
]
Priorities = Annotated[list[Priority], Field(max_length=4)]
_TEXT: Final = {"pattern": r"^[^\u0000]*$"}
Text = Annotated[
    str, Field(max_length=MOST_TEXT, json_schema_extra=_TEXT), AfterValidator(_clean_text)
]
Reason = Annotated[
    str,
    Field(
        max_length=MOST_TEXT, json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
    ),
    AfterValidator(_clean_text),
    AfterValidator(_not_empty),
]


class AlarmParams(NoParams):
    """Which alarms: active, unacknowledged, shelved or all; filters; and the last ``seq``."""

    state: Literal["active", "unacked", "shelved", "all"] = "active"
    tag: Tags = Field(default_factory=list)
    priority: Priorities = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 2_000
    since: Annotated[int, Field(ge=0, le=MAX_SEQ)] | None = None


def _key(value: str) -> str:
    """``value``, if it is the ``next`` of an earlier response; anything else is refused."""
    try:
        read_key(value)
    except (ValueError, TypeError, OverflowError):
        raise WrongForm("next") from None
    return value


def read_key(text: str) -> JournalKey:
    """The key of a journal row, parsed from the ``next`` of a response.

    Raises:
        ValueError, TypeError, OverflowError: ``text`` is not the ``next`` of a response.
    """
    ts, tag, condition, raised_at, event = orjson.loads(urlsafe_b64decode(text + "=="))
    texts = (ts, tag, condition, raised_at, event)
    if not all(isinstance(text_part, str) and "\0" not in text_part for text_part in texts):
        raise ValueError(text)
    times = [datetime.fromisoformat(moment).astimezone(UTC) for moment in (ts, raised_at)]
    return JournalKey(times[0], tag, condition, times[1], event)


def key_text(key: JournalKey) -> str:
    """The ``next`` of a response: the key of the last row as text."""
    times = [moment.astimezone(UTC).isoformat() for moment in (key.ts, key.raised_at)]
    parts = [times[0], key.tag_name, key.condition, times[1], key.event]
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


class SpanParams(NoParams):
    """A time range."""

    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _from_is_before_to(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise WrongForm("from_to")
        return self


class RankParams(SpanParams):
    """A time range, and one tag or all."""

    tag: TagName | None = None


class JournalFileParams(SpanParams):
    """Filters and order of journal rows. An empty filter lets every row pass."""

    tag: Tags = Field(default_factory=list)
    condition: Annotated[list[AlarmCondition], Field(max_length=8)] = Field(default_factory=list)
    event: Annotated[list[Event], Field(max_length=20)] = Field(default_factory=list)
    priority: Priorities = Field(default_factory=list)
    actor: Annotated[str, Field(max_length=MOST_TEXT, json_schema_extra=_TEXT)] | None = None
    order: Literal["newest", "oldest"] = "newest"

    @field_validator("actor")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        return None if value is None else _clean_text(value)


class JournalParams(JournalFileParams):
    """Filters and order of journal rows, the rows of a page, and the key that it starts after."""

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
