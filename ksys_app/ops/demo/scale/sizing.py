"""The rows of a plant, the disk and the time that they need, and the database that can hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ksys_app.errors import ConfigError

DAY_S: Final = 86_400
MOST_DAYS: Final = 365
MOST_EMBEDDED_TAGS: Final = 2_000
MOST_EMBEDDED_ROWS: Final = 2_000 * DAY_S
"""The most samples of the embedded database: it writes them in about 80 minutes."""

# Bytes of a sample and of a tag's day of buckets, and samples a second, as docs/scale.md has them.
COMPRESSED_BYTES: Final = 10
STORED_BYTES: Final = 205
BUCKETS_DAY_BYTES: Final = 370_000
# The indicators have 25 hours of minutes.
INDICATORS_BYTES: Final = 225_000
WAL_BYTES: Final = 1_000_000_000
EMBEDDED_RATE: Final = 35_000
SERVER_RATE: Final = 70_000
FREE_PART: Final = 0.05
"""The part of a disk that stays free."""

# The time that a chunk and a part of the history cover: the longest span with few enough rows.
SPANS_S: Final = (7 * DAY_S, DAY_S, DAY_S // 2, DAY_S // 4, 3600, 900, 300)
EMBEDDED_PART: Final = 240_000
SERVER_PART: Final = 7_500_000


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a plant, and its database.

    Attributes:
        tags: number of tags.
        days: days of history.
        embedded: whether it goes into the embedded database.
        every: seconds between two samples of a tag.
    """

    tags: int
    days: int
    embedded: bool
    every: int = 1

    @property
    def rows(self) -> int:
        """Samples of the whole history, although faults prevent a few of them."""
        return self.samples(self.days * DAY_S)

    @property
    def interval(self) -> str:
        """The interval between the samples of a tag, in words."""
        return "each with a sample " + ("a second" if self.every == 1 else f"every {self.every} s")

    @property
    def part_s(self) -> int:
        """Seconds of history that are written, aggregated and compressed at once."""
        most = EMBEDDED_PART if self.embedded else SERVER_PART
        return next((span for span in SPANS_S if self.samples(span) <= most), SPANS_S[-1])

    def samples(self, seconds: int) -> int:
        """About how many samples all tags send in ``seconds``."""
        return self.tags * seconds // self.every

    def seconds_of(self, samples: int) -> int:
        """The seconds in which all tags send at most ``samples``; at least one sample each."""
        return max(1, samples // self.tags) * self.every

    def disk_bytes(self, chunk_s: int) -> int:
        """Bytes of disk that the history needs while it is being written.

        Args:
            chunk_s: seconds that a chunk covers; two chunks and an hour are not compressed yet.
        """
        stored = min(self.rows, self.samples(2 * chunk_s + 3600))
        buckets = self.tags * (self.days * BUCKETS_DAY_BYTES + INDICATORS_BYTES)
        return self.rows * COMPRESSED_BYTES + stored * STORED_BYTES + buckets + WAL_BYTES

    def seconds(self, rows: int) -> float:
        """About how many seconds the database needs for ``rows`` samples and their aggregates."""
        return rows / (EMBEDDED_RATE if self.embedded else SERVER_RATE)


def require_engine(size: Size) -> None:
    """Check that the embedded database can hold a plant.

    Raises:
        ConfigError: it cannot; the message has the largest number of tags.
    """
    if not size.embedded or (size.tags <= MOST_EMBEDDED_TAGS and size.rows <= MOST_EMBEDDED_ROWS):
        return
    most = min(MOST_EMBEDDED_TAGS, MOST_EMBEDDED_ROWS * size.every // (size.days * DAY_S))
    within = f"at most {most:,} tags for {_days(size.days)}" if most else f"no {_days(size.days)}"
    raise ConfigError(
        f"the embedded database holds {within}, not {size.tags:,}: put the owner's DSN of an empty "
        "TimescaleDB into TS_ADMIN_DSN and add --server"
    )


def require_disk(size: Size, needed: int, free: int, total: int) -> None:
    """Check that a disk has room.

    Args:
        size: the plant.
        needed: bytes that the plant still needs.
        free: free bytes of the disk.
        total: size of the disk, bytes.

    Raises:
        ConfigError: there is too little room; the message has the number of tags that fit.
    """
    room = free - round(FREE_PART * total)
    if needed <= room:
        return
    fit = max(0, int(size.tags * (room - WAL_BYTES) / max(1, needed - WAL_BYTES)))
    raise ConfigError(
        f"{size.tags:,} tags for {_days(size.days)} take up to {amount(needed)}, and the disk "
        f"has room for {amount(max(0, room))}: at most {fit:,} tags fit; free some disk, choose "
        "another folder with --data-dir, or a server with --server"
    )


def amount(size: int) -> str:
    """``12.3 GB``, or ``340 MB``."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"


def _days(days: int) -> str:
    return "a day" if days == 1 else f"{days} days"
