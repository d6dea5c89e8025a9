"""Compressed answers with an ETag, which a browser may cache and must revalidate (PRD §8.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from fastapi import Request, Response

from ksys_app.api.kept import LEVEL, kept, send, zipped
from ksys_app.utils.cache import Answer

JSON: Final = "application/json"


async def conditional_json(
    request: Request,
    answer: Answer[Any],
    name: str,
    content: Callable[[], object],
    level: int = LEVEL,
) -> Response:
    """``content`` as compressed JSON; 304 where the browser has it already.

    Args:
        request: what was asked.
        answer: the rows it is made of. What was made of a fresh answer is kept with it.
        name: which of the things made of these rows this is.
        content: makes it; only called where it is not at hand.
        level: how hard it is compressed.
    """
    made = None if answer.stale else answer.made
    body = await kept(made, name, lambda: orjson.dumps(content()), level)
    if answer.stale:
        return send(request, body, JSON, {"Cache-Control": "no-store"})
    # A strong ETag names the bytes as sent, so the plain ones have another.
    etag = f'"{body.digest}"' if zipped(request) else f'"{body.digest}-plain"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if _has(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers | {"Vary": "Accept-Encoding"})
    return send(request, body, JSON, headers)


def _has(if_none_match: str, etag: str) -> bool:
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in known or "*" in known
