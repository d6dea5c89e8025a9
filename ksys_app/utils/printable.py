"""Text that a terminal, or a reader of lines, only shows: it obeys nothing in it."""

from __future__ import annotations

import json


def printable(text: str, keep: str = "") -> str:
    """``text`` with what cannot be printed escaped, as Python writes it.

    Args:
        text: any text.
        keep: characters that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in keep else repr(sign)[1:-1] for sign in text
    )


def printable_json(text: str, keep: str = "") -> str:
    """The same of a JSON document, which stays the same document."""
    # Some readers end a line at more characters than JSON escapes.
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in keep else json.dumps(sign)[1:-1] for sign in text
    )
