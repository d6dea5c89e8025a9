"""Bodies that are encoded and compressed once, stored with the rows that they are made of."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from ksys_app.utils.encodings import gzip_allowed
from ksys_app.utils.made import Made

# Of figures, this makes less than the usual level 6, in half its time.
LEVEL: Final = 5
# Of rows and files, which nobody waits for as for a chart: 15 % more in a third of the time.
FAST: Final = 2
STRATEGY: Final = zlib.Z_FILTERED
_GZIP: Final = 16 + zlib.MAX_WBITS
# Bodies of one answer: a page asks for one or two, a script might try every choice of columns.
MAX_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Body:
    """A body, compressed, and what it is known by."""

    gzipped: bytes
    digest: str

    @property
    def plain(self) -> bytes:
        """The body as it was before it was compressed."""
        return gzip.decompress(self.gzipped)


def compressed(plain: bytes, level: int) -> Body:
    """``plain`` as a body."""
    packer = zlib.compressobj(level, wbits=_GZIP, strategy=STRATEGY)
    digest = hashlib.sha256(plain).hexdigest()[:32]
    return Body(packer.compress(plain) + packer.flush(), digest)


async def kept(
    made: Made | None, name: str, content: Callable[[], bytes], level: int = LEVEL
) -> Body:
    """The body of this name, made once for all who ask for it.

    Args:
        made: where the body is stored, None for rows that are stale: their age is part of the body.
        name: which of the bodies of these rows this is.
        content: makes the body in a thread; only called where it is not stored yet.
        level: how hard it is compressed.
    """

    async def make() -> Body:
        return await asyncio.to_thread(lambda: compressed(content(), level))

    if made is None:
        return await make()
    body: Body | None = made.get(name)
    if body is None:
        body = await made.share(name, make)
        if made.get(name) is None:
            for old in list(made.of(Body))[: 1 - MAX_KEPT]:
                made.drop(old)
            made.keep(name, body, len(body.gzipped))
    return body


def send(request: Request, body: Body, media_type: str, headers: Mapping[str, str]) -> Response:
    """The body as the browser takes it: compressed, or plain."""
    headers = {**headers, "Vary": "Accept-Encoding"}
    if not zipped(request):
        return Response(body.plain, media_type=media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(body.gzipped, media_type=media_type, headers=headers)


def zipped(request: Request) -> bool:
    """Whether the browser takes compressed answers."""
    return gzip_allowed(request.headers.get("Accept-Encoding", ""))
