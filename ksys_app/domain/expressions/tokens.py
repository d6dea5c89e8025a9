"""The words of an expression, with their positions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, cast

from ksys_app.models.expressions import Flaw, Span
from ksys_app.models.message import Message

Kind = Literal["number", "name", "quoted", "sign", "end"]
MAX_TEXT: Final = 2_000
"""Most characters of an expression."""

_BLANKS: Final = " \t\r\n"
# Only ASCII digits are digits. Other digits of Unicode look similar; here they are letters.
_PARTS: Final = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*(?:\.\w+)*)"
    r'|(?P<quoted>"(?:[^"\0\ud800-\udfff]|"")*")'
    r"|(?P<sign><=|>=|==|!=|[-+*/^%(),<>])"
)
_SHOWN: Final = 30


class BadExpression(ValueError):
    """An expression cannot be parsed; ``flaw`` has the reason and the position."""

    def __init__(self, key: str, span: Span, **values: object) -> None:
        super().__init__(key)
        self.flaw = Flaw(Message(key, values), span)


class Token(NamedTuple):
    """A word of an expression: its kind, its value and its position."""

    kind: Kind
    text: str
    span: Span


def quoted(text: str) -> str:
    """A part of an expression for a message: in quotes, hidden characters escaped, shortened."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def tokens(text: str) -> Iterator[Token]:
    """The words of an expression, then a word of the kind ``end``.

    Raises:
        BadExpression: the text is too long, or has a character that is in no word.
    """
    if len(text) > MAX_TEXT:
        span, most = Span(MAX_TEXT, len(text) - MAX_TEXT), f"{MAX_TEXT:,}"
        raise BadExpression("expressions.long", span, most=most, count=f"{len(text):,}")
    at = _word_from(text, 0)
    while at < len(text):
        found = _PARTS.match(text, at)
        if found is None:
            key = "expressions.open_quote" if text[at] == '"' else "expressions.sign"
            raise BadExpression(key, Span(at, 1), sign=quoted(text[at]))
        kind, word, span = cast(Kind, found.lastgroup), found[0], Span(at, len(found[0]))
        if kind == "quoted":
            word = word[1:-1].replace('""', '"')
            if not word:
                raise BadExpression("expressions.name_empty", span)
        elif kind == "number" and not math.isfinite(float(word)):
            raise BadExpression("expressions.number", span, number=quoted(word))
        yield Token(kind, word, span)
        at = _word_from(text, found.end())
    yield Token("end", "", Span(len(text), 0))


def _word_from(text: str, at: int) -> int:
    """The index of the next word at or after ``at``."""
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
