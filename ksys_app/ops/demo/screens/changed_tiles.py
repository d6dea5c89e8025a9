"""Fetches what ``client/grid/fetched.jsx`` does: changed tiles, and the lines in sight."""

from __future__ import annotations

import re
import zlib
from urllib.parse import parse_qs

from ksys_app.ops.demo.screens.client import BROWSER, Client, Got

# The tiles in sight at 1280 px, and a little around.
IN_SIGHT = "0-44"
SEQ = re.compile(rb'"seq":\s*(\d+)')
WHOLE = re.compile(rb'"whole":\s*true')
GONE = re.compile(rb'"removed":\s*\[\s*"')


async def changed(http: Client, url: str, since: int) -> tuple[int, int]:
    """Bytes of the tiles that changed since a number, and the number to ask from next.

    Raises:
        OSError: the server is away.
        ValueError: its answer has no tiles.
    """
    answer = await _tiles(http, url, since)
    head, bytes_ = _head(answer), answer.wire
    if since and GONE.search(head) and not WHOLE.search(head):
        answer = await _tiles(http, url, 0)
        head, bytes_ = _head(answer), bytes_ + answer.wire
    seq = SEQ.search(head)
    if seq is None:
        raise ValueError(f"{url} has no seq: {head[:80]!r}")
    return bytes_, int(seq[1])


async def lines(http: Client, url: str) -> int:
    """Bytes of the sparklines of the tiles in sight, of which one has changed at most ticks."""
    window = parse_qs(url.partition("?")[2])["window"][0]
    answer = await http.get(f"/api/v1/sparklines?window={window}&places={IN_SIGHT}", BROWSER)
    return answer.wire


async def _tiles(http: Client, url: str, since: int) -> Got:
    answer = await http.get(f"{url}&since={since}", BROWSER)
    if answer.status != 200:
        raise ValueError(f"{url} answered {answer.status}")
    return answer


def _head(answer: Got) -> bytes:
    """The first bytes of a body. A browser parses all of it, but on a processor of its own."""
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(answer.body, 400)
    except zlib.error:
        return answer.body[:400]
