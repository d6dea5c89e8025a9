"""Errors about the form of a request, as messages that a page translates (PRD §7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import islice
from typing import Any, Final

from ksys_app.models.message import Message
from ksys_app.texts import say

MOST_NAME: Final = 40
MOST_SENTENCES: Final = 5
"""A body can have thousands of wrong values; the first few say what to do."""
# The errors of pydantic that need no figures.
_PLAIN: Final = frozenset(
    (
        *("int_parsing", "int_type", "int_from_float", "int_parsing_size"),
        *("float_parsing", "float_type", "finite_number", "bool_parsing", "bool_type"),
        *("string_type", "list_type", "dict_type", "model_attributes_type", "json_invalid"),
    )
)
# Those with one figure, and its name.
_BOUNDS: Final = {
    **{"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt"},
    **{"less_than_equal": "le", "string_too_long": "max_length", "string_too_short": "min_length"},
    "string_pattern_mismatch": "pattern",
}
# Those about the number of items.
_COUNTS: Final = {"too_long": "max_length", "too_short": "min_length"}


class WrongForm(ValueError):
    """A validator refuses a value; ``sentence`` says what is allowed."""

    def __init__(self, sentence: str | Message, **values: object) -> None:
        if isinstance(sentence, str):
            sentence = Message(f"forms.{sentence}", values)
        super().__init__(say(sentence))
        self.sentence = sentence


def form_message(errors: Sequence[Mapping[str, Any]]) -> Message:
    """One message for a list of validation errors: each parameter and what is allowed.

    Equal sentences are said once. After the first ``MOST_SENTENCES``, the rest are only counted.
    """
    by_sentence = {_sentence(error): error for error in errors}
    parts = [_message(error) for error in islice(by_sentence.values(), MOST_SENTENCES)]
    message = reduce(lambda first, second: _said("and", first=first, second=second), parts)
    rest = len(by_sentence) - len(parts)
    return _said("more", first=message, n=rest) if rest else message


def _message(error: Mapping[str, Any]) -> Message:
    english, message = _sentence(error), _translated(error)
    # The English sentence is that of the validator, whatever a later version of it says.
    if message is None or say(message) != english:
        return Message("errors.plain", {"text": english})
    return message


def _name(error: Mapping[str, Any]) -> str:
    # For a value in a list, its position follows the name. The name is enough for a person.
    return ".".join(part for part in error["loc"][1:] if isinstance(part, str))


def _sentence(error: Mapping[str, Any]) -> str:
    name = _name(error)
    if error["type"] == "extra_forbidden":
        return f"parameter {name[:MOST_NAME]!r} is unknown here; see /api/v1/docs"
    if error["type"] == "missing":
        return f"parameter {name!r} is needed"
    message = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return message if message.startswith(name) else f"{name} {message}"


def _translated(error: Mapping[str, Any]) -> Message | None:
    """The message of an error; None if the catalogue has no text for it."""
    kind, name = error["type"], _name(error)
    if kind == "extra_forbidden":
        return _said("unknown", name=repr(name[:MOST_NAME]))
    if kind == "missing":
        return _said("missing", name=repr(name))
    what = _what(kind, error.get("ctx") or {})
    if what is None or say(what).startswith(name):
        return what
    return _said("of", name=name, what=what)


def _what(kind: str, context: Mapping[str, Any]) -> Message | None:
    if kind == "value_error":
        return getattr(context.get("error"), "sentence", None)
    if kind in _PLAIN:
        return _said(kind)
    if kind in _BOUNDS:
        bound = context[_BOUNDS[kind]]
        return _said(
            kind, n=int(bound) if isinstance(bound, float) and bound == int(bound) else bound
        )
    if kind in _COUNTS:
        return _said(kind, n=context[_COUNTS[kind]], count=context["actual_length"])
    if kind == "literal_error":
        some, _, last = str(context["expected"]).rpartition(" or ")
        return _said("literal", last=last) if not some else _said("literals", some=some, last=last)
    return None


def _said(key: str, /, **values: object) -> Message:
    return Message(f"forms.{key}", values)
