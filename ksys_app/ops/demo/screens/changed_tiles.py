"""Fetches what ``client/grid/fetched.jsx`` fetches: changed tiles, and visible sparklines."""

from __future__ import annotations

import re
import zlib
from urllib.parse import parse_qs

from ksys_app.ops.demo.screens.client import BROWSER, Answer, Client

# The visible tiles at 1280 px, and some more around them.
IN_SIGHT = "0-44"
SEQ = re.compile(rb'"seq":\s*(\d+)')
ALL_TILES = re.compile(rb'"whole":\s*true')
HAS_REMOVED = re.compile(rb'"removed":\s*\[\s*"')


async def changed(http: Client, url: str, since: int) -> tuple[int, int]:
    """Bytes of the tiles that changed since the tick ``since``, and the tick for the next request.

    Raises:
        OSError: the server cannot be reached.
        ValueError: its answer has no tiles.
    """
    answer = await _tiles(http, url, since)
    head, bytes_ = _head(answer), answer.wire
    if since and HAS_REMOVED.search(head) and not ALL_TILES.search(head):
        answer = await _tiles(http, url, 0)
        head, bytes_ = _head(answer), bytes_ + answer.wire
    seq = SEQ.search(head)
    if seq is None:
        raise ValueError(f"{url} has no seq: {head[:80]!r}")
    return bytes_, int(seq[1])


async def lines(http: Client, url: str) -> int:
    """Bytes of the sparklines of the visible tiles; at most ticks, one of them has changed."""
    window = parse_qs(url.partition("?")[2])["window"][0]
    answer = await http.get(f"/api/v1/sparklines?window={window}&places={IN_SIGHT}", BROWSER)
    return answer.wire


async def _tiles(http: Client, url: str, since: int) -> Answer:
    answer = await http.get(f"{url}&since={since}", BROWSER)
    if answer.status != 200:
        raise ValueError(f"{url} answered {answer.status}")
    return answer


def _head(answer: Answer) -> bytes:
    """The first bytes of a body. A browser parses all of it, but on its own processor."""
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(answer.body, 400)
    except zlib.error:
        return answer.body[:400]
