"""Creates files that only their owner may read, whatever the umask is (PRD §10)."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Final

MODE: Final = 0o600


def create(path: Path) -> None:
    """Create an empty private file; an existing file is emptied and made private.

    Raises:
        OSError: the file cannot be written.
    """
    os.close(_opener(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC))


def open_text(path: Path) -> IO[str]:
    """Open a private file to write it anew as UTF-8. Raises as :func:`create`."""
    return open(path, "w", encoding="utf-8", errors="replace", newline="", opener=_opener)


def _opener(path: str, flags: int) -> int:
    handle = os.open(path, flags, MODE)
    # An existing file keeps its mode at open, so change it. Do not change the mode of a device.
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fchmod(handle, MODE)
    return handle
