"""``meta`` of a rule: a JSON object with unit, title and other data of a tag (PRD §4.4)."""

from __future__ import annotations

import json
from typing import Any, Final

from ksys_app.models.message import Message
from ksys_app.models.rows import MAX_STUCK_S, MAX_TITLE, MAX_UNIT, seconds, short_text
from ksys_app.models.stored import plain_integer, too_deep

MAX_META: Final = 16_384
"""Most characters of a ``meta`` that is read, and most bytes of it in the table."""
MAX_DEPTH: Final = 32
MAX_WRAPS: Final = 3
"""How many times a client may have encoded the object as a text."""
_TEXTS: Final = (("unit", MAX_UNIT), ("title", MAX_TITLE), ("group", MAX_TITLE))
_TEXT: Final = Message("faults.kind_text")
_KINDS: Final = {
    str: _TEXT,
    list: Message("faults.kind_list"),
    bool: Message("faults.kind_boolean"),
    type(None): Message("faults.kind_null"),
}
_LONG: Final = Message("faults.meta_long", {"most": f"{MAX_META:,}"})
_DEEP: Final = Message("faults.meta_deep", {"most": MAX_DEPTH})


def read_meta(text: str | None, size: int | None = None) -> tuple[dict[str, Any], Message | None]:
    """The object in a stored ``meta``, and its fault, None without a fault.

    A client that encodes twice stores a text that contains an object. Such a text is read as the
    object. Any other value gives an empty object.

    Args:
        text: the JSON value; None for NULL, or where the value was too large to read.
        size: bytes of the value in the table, None for NULL.
    """
    if text is None:
        return {}, None if size is None else _large(size)
    if len(text) > MAX_META:
        return {}, _LONG
    wraps = -1
    value: Any = text
    while isinstance(value, str) and wraps < MAX_WRAPS:
        try:
            value = json.loads(value, parse_int=plain_integer)
        except RecursionError:
            return {}, _DEEP
        except ValueError:
            break
        wraps += 1
    if not isinstance(value, dict):
        # The stored value is a text if it was unwrapped at least once, whatever the text contains.
        return {}, Message("faults.meta_kind", {"kind": _TEXT if wraps else _kind(value)})
    if wrong := meta_fault(value):
        return ({} if too_deep(value, MAX_DEPTH) else value), wrong
    return value, Message("faults.meta_wrapped") if wraps else None


def as_stored(value: dict[str, Any]) -> dict[str, Any]:
    """An object from a request, as a later read from the table returns it.

    Raises:
        ValueError: it is nested too deeply; the argument is a :class:`Message`.
    """
    if too_deep(value, MAX_DEPTH):
        raise ValueError(_DEEP)
    return dict(json.loads(json.dumps(value), parse_int=plain_integer))


def meta_fault(value: dict[str, Any]) -> Message | None:
    """The fault of an object as ``meta``, None without a fault."""
    if too_deep(value, MAX_DEPTH):
        return _DEEP
    if len(json.dumps(value, ensure_ascii=False)) > MAX_META:
        return _LONG
    for key, most in _TEXTS:
        text = value.get(key)
        if text not in (None, "") and not short_text(text, most):
            return Message("faults.meta_text", {"key": key, "most": most})
    stuck = value.get("stuck_s")
    if stuck is not None and seconds(stuck, MAX_STUCK_S) is None:
        return Message("faults.meta_stuck_s", {"most": f"{MAX_STUCK_S:,}"})
    return None


def _large(size: int) -> Message:
    return Message("faults.meta_large", {"size": f"{size:,}", "most": f"{MAX_META:,}"})


def _kind(value: object) -> Message:
    return _KINDS.get(type(value)) or Message("faults.kind_number")
