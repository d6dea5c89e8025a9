"""In which order the history is written: the newest quarter of an hour, then back in time."""

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
    """Cut what is missing into parts, newest first.

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
    """What is missing of the newest quarter of an hour before ``now``, and of the time before."""
    bound = now - NEWEST_S
    soon = [Span(max(start, bound), end) for start, end in missing if end > bound]
    later = [Span(start, min(end, bound)) for start, end in missing if start < bound]
    return soon, later


def blocks(part: Span, width: int) -> Iterator[Span]:
    """The same seconds, at most ``width`` of them at a time, oldest first."""
    for start in range(part.start, part.end, width):
        yield Span(start, min(start + width, part.end))
