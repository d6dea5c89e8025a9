"""Answers a browser may keep and must ask about again: compressed, with an ETag (PRD §8.1)."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import Request, Response

from ksys_app.utils.cache import Answer
from ksys_app.utils.encodings import gzip_allowed

# Of figures, this makes less than the usual level 6, in half its time.
LEVEL: Final = 5
STRATEGY: Final = zlib.Z_FILTERED
_GZIP: Final = 16 + zlib.MAX_WBITS
# Of one answer; a page asks for one or two, a script might try every choice of columns.
MAX_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Compressed:
    """A JSON body, compressed, and what it is known by."""

    gzipped: bytes
    digest: str


async def conditional_json(
    request: Request, answer: Answer[Any], name: str, content: Callable[[], object]
) -> Response:
    """``content`` as compressed JSON; 304 where the browser has it already.

    Args:
        request: what was asked.
        answer: the rows it is made of. What was made of a fresh answer is kept with it.
        name: which of the things made of these rows this is.
        content: makes it; only called where it is not at hand.
    """
    if answer.stale:
        return _send(
            request, await asyncio.to_thread(_compress, content), {"Cache-Control": "no-store"}
        )
    kept: Compressed | None = answer.made.get(name)
    if kept is None:
        kept = await asyncio.to_thread(_compress, content)
        if len(answer.made) >= MAX_KEPT:
            answer.made.clear()
        answer.made[name] = kept
    # A strong ETag names the bytes as sent, so the plain ones have another.
    etag = f'"{kept.digest}"' if _gzip_allowed(request) else f'"{kept.digest}-plain"'
    headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
    if _has(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers)
    return _send(request, kept, headers)


def _compress(content: Callable[[], object]) -> Compressed:
    body = orjson.dumps(content())
    packer = zlib.compressobj(LEVEL, wbits=_GZIP, strategy=STRATEGY)
    return Compressed(packer.compress(body) + packer.flush(), hashlib.sha256(body).hexdigest()[:32])


def _send(request: Request, body: Compressed, headers: dict[str, str]) -> Response:
    if _gzip_allowed(request):
        headers = headers | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(body.gzipped, media_type="application/json", headers=headers)
    return Response(gzip.decompress(body.gzipped), media_type="application/json", headers=headers)


def _gzip_allowed(request: Request) -> bool:
    return gzip_allowed(request.headers.get("Accept-Encoding", ""))


def _has(if_none_match: str, etag: str) -> bool:
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in known or "*" in known
