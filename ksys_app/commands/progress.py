"""Shows the progress of long commands: a bar on a terminal, otherwise a line for each stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ksys_app import log
from ksys_app.commands import terminal
from ksys_app.domain.timefmt import local_offset
from ksys_app.ops.schema.refresh import Progress as Refreshing

SIGN_OF_LIFE_S: Final = 30.0
"""Seconds between two lines of a long stage, if there is no bar."""


class Stages(Protocol):
    """Work in stages, one after another."""

    def report(self, stage: str, detail: str, done: int, total: int | None) -> None:
        """Report the progress. A new stage ends the previous stage.

        Args:
            stage: name of the stage.
            detail: text about the current progress.
            done: the amount done.
            total: the total amount, None if unknown.
        """

    def end(self) -> None:
        """End the current stage."""

    def note(self, text: str) -> None:
        """Print a line between the stages."""


def refresh_reporter(stages: Stages, zone: ZoneInfo) -> Callable[[Refreshing], None]:
    """A callback that reports a refresh: a stage for each aggregate, with its range in ``zone``."""

    def report(state: Refreshing) -> None:
        span = f"{local_offset(state.start, zone)} to {local_offset(state.end, zone)}"
        stages.report(state.view, span, state.done, state.total)

    return report


def amount_reporter(stages: Stages) -> Callable[[str, int, int], None]:
    """A callback that reports a stage with its amount and the remaining time.

    Its arguments are the stage, the amount done and the total. A total of 0 prints the stage as a
    note without an amount.
    """
    stage, began, first = "", 0.0, 0

    def report(name: str, done: int, total: int) -> None:
        nonlocal stage, began, first
        if not total:
            stages.note(name)
            return
        if name != stage:
            stage, began, first = name, time.monotonic(), done
        rest = remaining(time.monotonic() - began, done - first, total - done)
        stages.report(name, f"{done:,} of {total:,}{rest}", done, total)
        if done >= total:
            stages.end()

    return report


def remaining(seconds: float, done: int, left: int) -> str:
    """The remaining time as ``, 12 min left``; empty below a minute.

    Args:
        seconds: the time taken by the amount ``done``.
        done: the amount done.
        left: the remaining amount.
    """
    minutes = seconds * left / done / 60 if done > 0 else 0.0
    return f", {minutes:,.0f} min left" if minutes >= 1 else ""


@contextmanager
def stages(
    console: Console = terminal.err, *, every_s: float = SIGN_OF_LIFE_S, ends: bool = True
) -> Iterator[Stages]:
    """Show progress on standard error, so that standard output has only the result.

    Args:
        console: the console to print on.
        every_s: seconds between two lines of a long stage, if there is no bar.
        ends: whether to print a line at the end of a stage, if there is no bar.
    """
    if console.is_terminal and not log.writes_json():
        with _bar(console) as progress:
            yield _Bar(progress)
    else:
        with _Lines(console, every_s, ends) as lines:
            yield lines


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<14}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


class _Bar:
    """One bar, which starts again with each stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage: str | None = None
        self._task: TaskID | None = None

    def report(self, stage: str, detail: str, done: int, total: int | None) -> None:
        if self._task is None or stage != self._stage:
            self.end()
            self._stage = stage
            self._task = self._progress.add_task(stage, total=total, detail="")
        detail = terminal.plain(detail)
        self._progress.update(self._task, completed=done, total=total, detail=detail)

    def end(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = None

    def note(self, text: str) -> None:
        self._progress.console.print(terminal.plain(text))


class _Lines:
    """A line at the end of each stage, and further lines while a stage lasts long."""

    def __init__(self, console: Console, every_s: float, ends: bool) -> None:
        self._console, self._every_s, self._ends = console, every_s, ends
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._stage: str | None = None
        self._detail = self._part = ""
        self._began, self._lasts = 0.0, False
        self._clock = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> _Lines:
        self._clock.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._clock.join()
        # After an early error, print only the error. After a long stage, also name the stage.
        if error is None:
            self._close("")
        elif self._lasts:
            self._close("interrupted after ")

    def report(self, stage: str, detail: str, done: int, total: int | None) -> None:
        with self._lock:
            if stage != self._stage:
                self._close("")
                self._stage, self._began, self._lasts = stage, time.monotonic(), False
            self._detail = detail
            self._part = f"{done / total:.0%}, " if total else ""

    def end(self) -> None:
        with self._lock:
            self._close("")

    def note(self, text: str) -> None:
        terminal.note(text, self._console)

    def _close(self, how: str) -> None:
        if self._stage is not None and self._ends:
            self._say(how, "")
        self._stage = None

    def _say(self, before: str, after: str) -> None:
        detail = f"{self._detail}, " if self._detail else ""
        seconds = time.monotonic() - self._began
        self.note(f"{self._stage}: {detail}{before}{seconds:.1f} s{after}")

    def _live(self) -> None:
        while not self._over.wait(self._every_s):
            with self._lock:
                if self._stage is not None:
                    self._lasts = True
                    self._say(self._part, " so far")
