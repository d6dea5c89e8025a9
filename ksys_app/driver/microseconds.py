"""Times as whole microseconds since 1970, which compare exactly and are read quickly."""

from __future__ import annotations

import struct
from typing import Any, Final

from psycopg import AsyncConnection, AsyncCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

# The server counts from the year 2000.
_OFFSET_US: Final = 946_684_800_000_000
_unpack: Final = struct.Struct("!q").unpack


class _Microseconds(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return int(_unpack(data)[0]) + _OFFSET_US


def in_microseconds(conn: AsyncConnection) -> AsyncCursor[tuple[Any, ...]]:
    """A cursor whose rows have times in microseconds; infinity is beyond every other time."""
    cursor = conn.cursor(binary=True)
    cursor.adapters.register_loader("timestamptz", _Microseconds)
    return cursor
