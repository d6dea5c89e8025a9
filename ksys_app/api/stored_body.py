"""Encodes and compresses a body once, and stores it with its rows."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from zlib_ng import zlib_ng

from ksys_app.utils.encodings import gzip_allowed
from ksys_app.utils.made import Made

# Level 3 takes two thirds of the time and gives 2 % more bytes. Level 7 takes twice as long.
LEVEL: Final = 5
_GZIP: Final = 31  # a window of 32 KiB, with the header of gzip
# Most bodies of one answer. A page requests one or two, but a script may request all columns.
MAX_BODIES: Final = 4


@dataclass(frozen=True, slots=True)
class Body:
    """A compressed body and the digest of its content."""

    gzipped: bytes
    digest: str

    @property
    def plain(self) -> bytes:
        """The body without compression."""
        return zlib_ng.decompress(self.gzipped, _GZIP)


def compressed(plain: bytes) -> Body:
    """``plain`` as a compressed body."""
    digest = hashlib.sha256(plain).hexdigest()[:32]
    return Body(zlib_ng.compress(plain, LEVEL, _GZIP), digest)


async def stored_body(made: Made | None, name: str, content: Callable[[], bytes]) -> Body:
    """The body with this name, created once for all requests.

    Args:
        made: the store of the body. None for stale rows, because their age is part of the body.
        name: name of the body among those of the same rows.
        content: returns the content; called in a thread, if the body is not stored yet.
    """

    async def make() -> Body:
        return await asyncio.to_thread(lambda: compressed(content()))

    if made is None:
        return await make()
    body: Body | None = made.get(name)
    if body is None:
        body = await made.share(name, make)
        if made.get(name) is None:
            for old in list(made.of(Body))[: 1 - MAX_BODIES]:
                made.drop(old)
            made.keep(name, body, len(body.gzipped))
    return body


def send(request: Request, body: Body, media_type: str, headers: Mapping[str, str]) -> Response:
    """The response with the body, compressed if the browser accepts that."""
    headers = {**headers, "Vary": "Accept-Encoding"}
    if not zipped(request):
        return Response(body.plain, media_type=media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(body.gzipped, media_type=media_type, headers=headers)


def zipped(request: Request) -> bool:
    """Whether the browser accepts compressed answers."""
    return gzip_allowed(request.headers.get("Accept-Encoding", ""))
