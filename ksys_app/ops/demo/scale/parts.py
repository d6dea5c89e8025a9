"""The order in which the history is written: the newest quarter of an hour, then back in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

NEWEST_S: Final = 900
"""The newest part of the history, so that the pages soon show something."""


class Span(NamedTuple):
    """Whole seconds from ``start`` to before ``end``, epoch seconds."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end - self.start


def parts(missing: Sequence[Span], width: int) -> Iterator[Span]:
    """Cut the missing spans into parts, newest first.

    Args:
        missing: spans that do not overlap.
        width: seconds of a part; parts end at its multiples, as chunks do.
    """
    for start, end in sorted(missing, reverse=True):
        newest = end
        while newest > start:
            oldest = max(start, (newest - 1) // width * width)
            yield Span(oldest, newest)
            newest = oldest


def newest_first(missing: Sequence[Span], now: int) -> tuple[list[Span], list[Span]]:
    """The missing spans in the quarter of an hour before ``now``, and those before it."""
    bound = now - NEWEST_S
    soon = [Span(max(start, bound), end) for start, end in missing if end > bound]
    later = [Span(start, min(end, bound)) for start, end in missing if start < bound]
    return soon, later


def blocks(part: Span, width: int) -> Iterator[Span]:
    """Split a part into blocks of at most ``width`` seconds, oldest first."""
    for start in range(part.start, part.end, width):
        yield Span(start, min(start + width, part.end))
