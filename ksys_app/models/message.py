"""A sentence that is not in a language yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """The key of a sentence in the catalogue, and what is filled in.

    Attributes:
        key: section and name, ``errors.unknown_tag``; empty for no sentence.
        values: what stands in the braces of the sentence, by name: a text, a number, another
            message, or a list of these.
    """

    key: str = ""
    values: dict[str, Any] = field(default_factory=dict)
