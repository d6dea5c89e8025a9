"""Annotations: which texts and times they may have, and who may change one (PRD §33.7)."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.access import may
from ksys_app.domain.buckets import midnight
from ksys_app.models.annotations import Annotation
from ksys_app.models.message import Message
from ksys_app.models.visitor import Visitor

MAX_TEXT: Final = 2_000
"""Most characters of an annotation."""
MAX_SPAN: Final = timedelta(days=366)
MAX_TAGS: Final = 9


class WrongText(ValueError):
    """A text cannot be that of an annotation; ``sentence`` says what is allowed."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.sentence = Message(f"forms.{key}", values)


def clean_text(text: str) -> str:
    """The text as it is stored: characters in one form, lines that end alike, no blanks around it.

    Characters that control a terminal become blanks. Marks of the direction of writing stay.

    Raises:
        WrongText: the text has a NUL or half a character, no word, or too many characters.
    """
    if "\0" in text:
        raise WrongText("no_nul")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise WrongText("whole_text")
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(sign if _may_stay(sign) else " " for sign in lines)
    made = unicodedata.normalize("NFC", plain).strip()
    if not any(sign.isprintable() and not sign.isspace() for sign in made):
        raise WrongText("something")
    if len(made) > MAX_TEXT:
        raise WrongText("most_text", most=f"{MAX_TEXT:,}")
    return made


def _may_stay(sign: str) -> bool:
    return sign in "\n\t" or unicodedata.category(sign) != "Cc"


def wrong_span(start: datetime, end: datetime | None) -> Message | None:
    """What is wrong with the time of an annotation, None for a good one."""
    if end is None:
        return None
    if end <= start:
        return Message("errors.annotation_order")
    return Message("errors.annotation_span") if end - start > MAX_SPAN else None


def may_change(one: Annotation, visitor: Visitor) -> bool:
    """Whether somebody may change or delete an annotation: its author, or an engineer.

    Names of users are equal in upper and lower case. A token is not the user with its name, and
    nobody who logged in made what was made while nobody had to.
    """
    own = one.author.lower() == visitor.name.lower() and _kind(one.via) == _kind(visitor.via)
    return may(visitor.role, "operator") and (own or may(visitor.role, "engineer"))


def _kind(via: str) -> str:
    return via if via in ("token", "off") else "person"


class Marks:
    """What the annotations of a tag say about each of its buckets, taken in ascending order.

    A bucket names the annotations that reach into it, ``maintenance #12``. The first one of an
    annotation, or the first one after it began, also has its words and its author.

    Args:
        annotations: those of the tag or for all tags, in any order.
        ends: gives the end of a bucket from its start.
    """

    def __init__(
        self, annotations: Iterable[Annotation], ends: Callable[[datetime], datetime]
    ) -> None:
        self._ends = ends
        self._waiting = deque(sorted(annotations, key=lambda one: (one.starts_at, one.id)))
        self._running: list[Annotation] = []

    def of(self, bucket: datetime) -> str:
        """What they say about the bucket that starts then; empty for nothing."""
        end = self._ends(bucket)
        said = []
        self._running = [one for one in self._running if one.ends_at and one.ends_at > bucket]
        said += [f"{one.category} #{one.id}" for one in self._running]
        while self._waiting and self._waiting[0].starts_at < end:
            one = self._waiting.popleft()
            said.append(f"{one.category} #{one.id}: {one.text} ({one.author})")
            self._running.append(one)
        return "; ".join(said)


def bucket_ends(width: timedelta, zone: ZoneInfo) -> Callable[[datetime], datetime]:
    """The end of a bucket from its start; days are days of ``zone``."""
    if width < timedelta(days=1):
        return lambda start: start + width
    return lambda start: midnight(start.astimezone(zone).date() + width, zone)
