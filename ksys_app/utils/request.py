"""The id of the request or event that is being worked on, for the log and the error box (PRD §7.4).

An id is eight digits in two groups, so that a person can read it aloud in any language.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_current: Final[ContextVar[str]] = ContextVar("request_id", default="")


def _no_event() -> tuple[str, str]:
    return "", ""


_event: Callable[[], tuple[str, str]] = _no_event


def id_of(number: str) -> str:
    """The id for a number of many hexadecimal digits."""
    digits = f"{int(number, 16) % 10**8:08d}"
    return f"{digits[:4]}-{digits[4:]}"


def new_id() -> str:
    """An id that no other request of the day is likely to have."""
    return id_of(os.urandom(8).hex())


def current() -> str:
    """The id of what this task works on, empty where it is neither a request nor an event."""
    return _event()[0] or _current.get()


def cause() -> str:
    """The id of the page event that caused the event of this task, empty where there is none."""
    return _event()[1]


@contextmanager
def named(request_id: str) -> Iterator[None]:
    """Work on the request with this id until the block is left."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def ask_for_events(of_event: Callable[[], tuple[str, str]]) -> None:
    """Let ``of_event`` return the id of the page event of a task and of its cause, or empty texts.

    The page framework runs events in tasks of its own, which know nothing of their connection.
    """
    global _event  # the framework is one of the process, and utils do not know it
    _event = of_event
