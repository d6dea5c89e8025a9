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
    """Open a private file for writing as UTF-8; old content is removed.

    Raises:
        OSError: the file cannot be written.
    """
    return open(path, "w", encoding="utf-8", errors="replace", newline="", opener=_opener)


def _opener(path: str, flags: int) -> int:
    handle = os.open(path, flags, MODE)
    # Opening an existing file does not change its mode, so set it. Leave the mode of a device.
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fchmod(handle, MODE)
    return handle
