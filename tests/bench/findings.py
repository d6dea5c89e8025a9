"""Collects what a run finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.bench.cost import Cost, Point, fitted
from tests.bench.figures import Figure

HISTORY = "history, hours"


class Findings:
    """The figures of a run, and the points from which growth is computed.

    Args:
        say: called with what is measured now.
    """

    def __init__(self, say: Callable[[str], None] = lambda text: None) -> None:
        self.say = say
        self.figures: list[Figure] = []
        self.notes: list[str] = []
        self._points: dict[tuple[str, str], list[Point]] = {}

    def add(self, found: Figure) -> Figure:
        """Add a figure; returns it."""
        self.figures.append(found)
        return found

    def note(self, text: str) -> None:
        """Say in the report what was left out, and why."""
        self.notes.append(text)

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """Say in the report that ``what`` failed, if it does, and go on with the next.

        The app may refuse under load, and what was measured until then is worth keeping.
        """
        try:
            yield
        except Exception as error:
            why = str(error) or type(error).__name__
            self.say(f"{what} failed: {why}")
            self.note(f"failed: {what}: {why}")

    def grows(self, what: str, over: str, at: Point) -> None:
        """Add a point of a cost that grows with tags, history or screens."""
        self._points.setdefault((what, over), []).append(at)

    def costs(self) -> list[Cost]:
        """How each cost grows, if it was measured at two sizes."""
        fits = (fitted(what, over, points) for (what, over), points in self._points.items())
        return [cost for cost in fits if cost is not None]
