"""A sentence that is independent of a language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """The key of a sentence in the catalogue, and the values of its placeholders.

    Attributes:
        key: section and name, ``errors.unknown_tag``; empty for no sentence.
        values: placeholder to its value: a text, a number, another message, or a list of these.
    """

    key: str = ""
    values: dict[str, Any] = field(default_factory=dict)
