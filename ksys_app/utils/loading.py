"""Loads modules without garbage collections, and collects rarely while the app runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NEW_OBJECTS: Final = 20_000
"""Number of new objects after which Python searches for garbage."""


@contextmanager
def loading() -> Iterator[None]:
    """A block that imports modules; no garbage collection runs in it.

    Modules live until the process ends, so a search for garbage among them finds nothing. Later
    collections, and the one at the end of the process, leave out all objects that exist when the
    block ends.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def collect_rarely() -> None:
    """Search for garbage after 20,000 new objects; Python's default is 700.

    A tick of 2,000 tags creates tens of thousands of objects that the next tick frees without a
    search. With the default, a fifth of the app's processor time went into searches, some of which
    stopped the loop for a tenth of a second.
    """
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
