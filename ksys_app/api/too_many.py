"""The error for a response that would have too many tags."""

from __future__ import annotations

from ksys_app import log
from ksys_app.errors import PayloadBloat


def too_many(cap: int, instead: str = "ask for one with tag=") -> PayloadBloat:
    """Log and return the error for more than ``cap`` tags.

    Args:
        cap: the largest number of tags in a response.
        instead: what the client can request instead.
    """
    log.event("payload_bloat", rowcount=cap)
    return PayloadBloat(f"there are more than {cap} tags; {instead}")
