"""Escapes control characters, so that a terminal or a reader of the log only shows a text."""

from __future__ import annotations

import json


def printable(text: str, unescaped: str = "") -> str:
    """``text`` with each unprintable character as Python's escape sequence.

    Args:
        text: any text.
        unescaped: characters that are not escaped.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in unescaped else repr(char)[1:-1] for char in text
    )


def printable_json(text: str, unescaped: str = "") -> str:
    """A JSON document with each unprintable character as JSON's escape sequence.

    The document means the same as before.

    Args:
        text: the document.
        unescaped: characters that are not escaped.
    """
    # Some readers end a line at characters that JSON does not escape.
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in unescaped else json.dumps(char)[1:-1] for char in text
    )
