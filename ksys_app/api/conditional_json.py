"""Compressed JSON with an ETag. A browser may cache it and must revalidate it (PRD §8.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from fastapi import Request, Response

from ksys_app.api.stored_body import send, stored_body, zipped
from ksys_app.utils.cache import Answer

JSON: Final = "application/json"


async def conditional_json(
    request: Request,
    answer: Answer[Any],
    name: str,
    content: Callable[[], object],
) -> Response:
    """The response with ``content`` as compressed JSON, or 304 if the browser has it already.

    Args:
        request: the request.
        answer: the answer of the database. The body is stored with it, unless it is stale.
        name: name of the body among all bodies of the same answer.
        content: returns the content. It is called only if the body is not stored yet.
    """
    results = None if answer.stale else answer.results
    body = await stored_body(results, name, lambda: _json(content()))
    if answer.stale:
        return send(request, body, JSON, {"Cache-Control": "no-store"})
    # A strong ETag identifies the sent bytes, so the plain body needs an ETag of its own.
    etag = f'"{body.digest}"' if zipped(request) else f'"{body.digest}-plain"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if _matches(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers | {"Vary": "Accept-Encoding"})
    return send(request, body, JSON, headers)


def has_body(answer: Answer[Any], name: str) -> bool:
    """Whether the body ``name`` is stored, so that :func:`conditional_json` does not build it."""
    return not answer.stale and answer.results.get(name) is not None


def _json(content: object) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def _matches(if_none_match: str, etag: str) -> bool:
    etags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in etags or "*" in etags
