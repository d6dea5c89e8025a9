"""Files that only their owner may read, whatever the umask says (PRD §10)."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Final

MODE: Final = 0o600


def create(path: Path) -> None:
    """Make an empty file for its owner alone; one that is there is emptied and made private.

    Raises:
        OSError: it cannot be written.
    """
    os.close(_opener(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC))


def open_text(path: Path) -> IO[str]:
    """The file, open to be written anew as UTF-8, for its owner alone. Raises as :func:`create`."""
    return open(path, "w", encoding="utf-8", errors="replace", newline="", opener=_opener)


def _opener(path: str, flags: int) -> int:
    handle = os.open(path, flags, MODE)
    # Of a file that is there the mode stays; a device is nobody's to change.
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fchmod(handle, MODE)
    return handle
