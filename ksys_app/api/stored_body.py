"""Build and compress a response body once, and store it with the rows that it is built from."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from zlib_ng import zlib_ng

from ksys_app.utils.encodings import gzip_allowed
from ksys_app.utils.results import Results

# Level 3 takes two thirds of the time and gives 2 % more bytes. Level 7 takes twice as long.
LEVEL: Final = 5
_GZIP: Final = 31  # a window of 32 KiB, with the header of gzip
# The most bodies that one answer stores. A page requests one or two; a script may request more.
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
    """``plain``, compressed, with the digest of its content."""
    digest = hashlib.sha256(plain).hexdigest()[:32]
    return Body(zlib_ng.compress(plain, LEVEL, _GZIP), digest)


async def stored_body(results: Results | None, name: str, content: Callable[[], bytes]) -> Body:
    """The body with this name, built once for all requests.

    Args:
        results: where the body is stored. None for stale rows, because their age is in the body.
        name: name of the body among all bodies of the same rows.
        content: returns the content. It is called in a thread, only if the body is not stored yet.
    """

    async def make() -> Body:
        return await asyncio.to_thread(lambda: compressed(content()))

    if results is None:
        return await make()
    body: Body | None = results.get(name)
    if body is None:
        body = await results.share(name, make)
        if results.get(name) is None:
            for old in list(results.of(Body))[: 1 - MAX_BODIES]:
                results.drop(old)
            results.store(name, body, len(body.gzipped))
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
