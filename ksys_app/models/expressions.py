"""Expressions over tags: the nodes of their trees, and saved expressions (PRD §33.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from ksys_app.models.message import Message

SpanUnit = Literal["m", "h", "d", "w"]


class Span(NamedTuple):
    """A part of the text of an expression: the index of its first character, and its length.

    Characters are Unicode code points.
    """

    at: int
    length: int


class Ago(NamedTuple):
    """A time back: ``n`` minutes, hours, days or weeks."""

    n: int
    unit: SpanUnit


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a tag or of a saved expression."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function with its arguments.

    Attributes:
        what: its name, ``+`` or ``avg``; ``neg`` is the minus in front of one value.
        args: the arguments. ``if`` has the two compared values, then the two to choose from.
        span: the position of its name.
        ago: the time in a name such as ``avg_1h``.
        compare: the comparison of ``if``.
    """

    what: str
    args: tuple[Node, ...]
    span: Span
    ago: Ago | None = None
    compare: str = ""


Node = Number | Name | Apply


class Flaw(NamedTuple):
    """The fault of a part of an expression."""

    sentence: Message
    span: Span


@dataclass(frozen=True, slots=True)
class SavedExpression:
    """A row of ``expression``: a calculated tag.

    Attributes:
        name: its name.
        text: the expression.
        unit: its unit; empty to derive the unit from its tags.
        decimals: decimals of its values; None for as many as a tag without a range has.
        version: counts its changes, from 1.
        author: who saved it last.
        saved_at: when it was saved last.
    """

    name: str
    text: str
    unit: str
    decimals: int | None
    version: int
    author: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class SavedOutcome:
    """The result of a change of a saved expression.

    Attributes:
        version: the version in force afterwards, 0 if there is none.
        saved: whether the change was saved; if not, another version was in force.
    """

    version: int
    saved: bool


@dataclass(frozen=True, slots=True)
class TagColumns:
    """The buckets of a tag: starts in seconds since 1970, ascending, averages and last values.

    ``now`` is the database's clock.
    """

    tag_name: str
    now: datetime
    starts: list[int]
    avg: list[float]
    last: list[float]
