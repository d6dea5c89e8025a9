"""Which content encodings a browser accepts."""

from __future__ import annotations

from typing import Final

_NEVER: Final = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})


def gzip_allowed(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for coding in accept_encoding.split(","):
        name, _, weight = coding.replace(" ", "").lower().partition(";")
        if name in {"gzip", "*"}:
            return weight not in _NEVER
    return False
