"""The id of the current request or page event, for the log and the error box (PRD §7.4).

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
    """The id for a long hexadecimal number."""
    digits = f"{int(number, 16) % 10**8:08d}"
    return f"{digits[:4]}-{digits[4:]}"


def new_id() -> str:
    """An id that no other request of the day is likely to have."""
    return id_of(os.urandom(8).hex())


def current() -> str:
    """The id of the request or page event that this task handles; empty if there is none."""
    return _event()[0] or _current.get()


def cause() -> str:
    """The id of the page event that caused the event of this task; empty if there is none."""
    return _event()[1]


@contextmanager
def with_id(request_id: str) -> Iterator[None]:
    """A block in which :func:`current` returns ``request_id``."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def use_event_ids(of_event: Callable[[], tuple[str, str]]) -> None:
    """Use ``of_event`` to find the ids of the current page event and of its cause.

    The page framework runs events in tasks of its own, which do not have the context of the
    connection.

    Args:
        of_event: returns both ids; a missing id is an empty text.
    """
    global _event  # One framework per process. This module does not import the framework.
    _event = of_event
