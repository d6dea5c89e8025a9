"""The error of an answer that would have too many rows."""

from __future__ import annotations

from ksys_app import log
from ksys_app.errors import PayloadBloat


def too_many(cap: int, instead: str = "ask for one with tag=") -> PayloadBloat:
    """The error for more than ``cap`` tags; it is logged.

    Args:
        cap: largest number of tags in an answer.
        instead: what the client can request instead.
    """
    log.event("payload_bloat", rowcount=cap)
    return PayloadBloat(f"there are more than {cap} tags; {instead}")
