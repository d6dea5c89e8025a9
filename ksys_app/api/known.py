"""Whether a tag may be asked for."""

from __future__ import annotations

from ksys_app.domain.names import shown
from ksys_app.errors import UnknownTag
from ksys_app.queries.tags import tag_exists


async def require(tag: str) -> None:
    """Pass a tag that is known from samples, rules or expectations.

    Raises:
        UnknownTag: it is not.
    """
    if not await tag_exists(tag):
        raise UnknownTag(f"tag {shown(tag)} is not known; /api/v1/tags lists those that are")
