"""Loads modules without garbage collections."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
