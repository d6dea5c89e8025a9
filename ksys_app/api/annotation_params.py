"""Query parameters and request bodies of the annotation endpoints (PRD §33.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Self

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ksys_app.api.forms import WrongForm
from ksys_app.api.limit_schemas import Version
from ksys_app.api.params import MAX_SEQ, NoParams, Tags, WindowLabel
from ksys_app.api.time_params import Moment, RangeText
from ksys_app.domain.annotations import MAX_TEXT, WrongText, clean_text
from ksys_app.domain.buckets import EPOCH
from ksys_app.domain.names import MAX_FILTER
from ksys_app.models.annotations import AnnotationContent, AnnotationKey, Category

KEY: Final = "^[0-9]{1,16}-[0-9]{1,15}$"
MOST_ROWS: Final = 1_000


def _valid_text(value: str) -> str:
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise WrongForm("whole")
    return value


def _note_text(value: str) -> str:
    try:
        return clean_text(value)
    except WrongText as error:
        raise WrongForm(error.sentence) from None


def read_key(text: str) -> AnnotationKey:
    """The key of an annotation, parsed from the ``next`` of a response."""
    us, number = map(int, text.split("-"))
    return AnnotationKey(EPOCH + timedelta(microseconds=us), number)


def key_text(key: AnnotationKey) -> str:
    """The ``next`` of a response: the key of the last annotation as text."""
    return f"{(key.starts_at - EPOCH) // timedelta(microseconds=1)}-{key.id}"


Number = Annotated[int, Field(ge=1, le=MAX_SEQ)]
NoteText = Annotated[
    str,
    # The sent text may be longer than MAX_TEXT, because surrounding blanks are removed later.
    Field(
        max_length=2 * MAX_TEXT,
        json_schema_extra={"maxLength": MAX_TEXT, "pattern": "[A-Za-z0-9가-힣]"},
    ),
    AfterValidator(_note_text),
]
SearchWords = Annotated[
    str,
    AfterValidator(_valid_text),
    Field(max_length=MAX_FILTER, json_schema_extra={"pattern": r"^[^\u0000]*$"}),
]


class WhichNotes(NoParams):
    """Filters of annotations: a window or a range (without both, any time), tags, and words."""

    window: WindowLabel | None = None
    start: Annotated[RangeText | None, Field(alias="from")] = None
    end: Annotated[RangeText | None, Field(alias="to")] = None
    tag: Tags = Field(default_factory=list)
    q: SearchWords = ""

    @model_validator(mode="after")
    def _a_window_or_a_range(self) -> Self:
        if self.start is not None and self.window is not None:
            raise WrongForm("window_from")
        if self.end is not None and self.start is None:
            raise WrongForm("to_from")
        return self


class NotesParams(WhichNotes):
    """Filters of annotations, the rows of a page, and the key that the page starts after."""

    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 200
    after: Annotated[str, Field(pattern=KEY)] | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewNote(_Body):
    """A moment ``from``, or a span up to ``to``; its tags, none for all; and words about it."""

    start: Annotated[Moment, Field(alias="from")]
    end: Annotated[Moment | None, Field(alias="to")] = None
    tags: Tags = []
    category: Category = "note"
    text: NoteText

    def content(self) -> AnnotationContent:
        """The new annotation as the service takes it."""
        return AnnotationContent(self.start, self.end, self.tags, self.category, self.text)


class ChangedNote(_Body):
    """The version that the person saw, and new values; a field that is not given stays."""

    version: Version
    start: Annotated[Moment, Field(alias="from")] = datetime.min.replace(tzinfo=UTC)
    end: Annotated[Moment | None, Field(alias="to")] = None
    tags: Tags = []
    category: Category = "note"
    text: NoteText = ""

    def changed_values(self) -> dict[str, Any]:
        """The sent values by field name of ``AnnotationContent``, without ``version``."""
        names = {"start": "starts_at", "end": "ends_at"}
        sent = self.model_fields_set - {"version"}
        return {names.get(name, name): getattr(self, name) for name in sent}


class SeenVersion(_Body):
    """The version that the person saw."""

    version: Version


NotesQuery = Annotated[NotesParams, Query()]
NotesFileQuery = Annotated[WhichNotes, Query()]
SeenQuery = Annotated[SeenVersion, Query()]
