"""Compressed answers with an ETag, which a browser may cache and must revalidate (PRD §8.1)."""

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
    """``content`` as compressed JSON, or 304 if the browser has it already.

    Args:
        request: the request.
        answer: the rows. The body of a fresh answer is stored with its rows.
        name: name of the body among those of the same rows.
        content: returns the content; called if the body is not stored yet.
    """
    made = None if answer.stale else answer.made
    body = await stored_body(made, name, lambda: orjson.dumps(content()))
    if answer.stale:
        return send(request, body, JSON, {"Cache-Control": "no-store"})
    # A strong ETag identifies the bytes as sent, so the body without compression has another one.
    etag = f'"{body.digest}"' if zipped(request) else f'"{body.digest}-plain"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if _has(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers | {"Vary": "Accept-Encoding"})
    return send(request, body, JSON, headers)


def has_body(answer: Answer[Any], name: str) -> bool:
    """Whether the body with this name is stored, so that :func:`conditional_json` only sends it."""
    return not answer.stale and answer.made.get(name) is not None


def _has(if_none_match: str, etag: str) -> bool:
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in known or "*" in known
