"""How commands talk: one console, one way to run and to fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ksys_app.settings import Settings, load_settings

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end."""
    return asyncio.run(work)


def settings() -> Settings:
    """The settings, validated."""
    return load_settings()


def fail(message: str) -> None:
    """Say what went wrong in one line on standard error."""
    err.print(f"[bold red]error:[/] {plain(message)}")


def line(ok: bool, name: str, detail: str, *, fatal: bool = True) -> None:
    """One line of a check: ``ok``, ``warn`` or ``FAIL``, its name, what was found."""
    mark = "[green]ok  [/]" if ok else "[bold red]FAIL[/]" if fatal else "[yellow]warn[/]"
    out.print(f"{mark}  {plain(name)}  [dim]{plain(detail)}[/]")


def as_json(value: object) -> None:
    """``value`` as JSON on standard output, nothing around it."""
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False))


@contextmanager
def bar(unit: str = "") -> Iterator[Progress]:
    """A progress bar on standard error, so that output can be piped."""
    with _progress(MofNCompleteColumn(), TextColumn(unit)) as progress:
        yield progress


def _progress(*figures: ProgressColumn) -> Progress:
    return Progress(
        TextColumn("{task.description:<14}"),
        BarColumn(),
        *figures,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


@contextmanager
def stages() -> Iterator[Callable[[str, str, int, int | None], None]]:
    """One bar for work in stages, each with words of its own.

    Yields:
        To be told a stage, what to say of it, how much of it is done, and its whole if known.
    """
    with _progress(TextColumn("{task.fields[words]}")) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, words: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                for task in tasks.values():
                    progress.remove_task(task)
                tasks.clear()
                tasks[stage] = progress.add_task(stage, total=total, words=words)
            progress.update(tasks[stage], completed=done, total=total, words=words)

        yield tell


@contextmanager
def steps() -> Iterator[Callable[[str, int, int], None]]:
    """Bars for work that is told step by step; each goes when its work is done.

    Yields:
        To be told a step, how much of it is done, and its whole; 0 of 0 prints the step.
    """
    with bar() as progress:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if total == 0:
                err.print(plain(step))
                return
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done, total=total, visible=done < total)

        yield tell


def plain(text: str) -> str:
    """``text`` without any markup in it."""
    return text.replace("[", r"\[")
