"""Checks that ``.env`` is a file of UTF-8 text (PRD §9)."""

from __future__ import annotations

import stat
from pathlib import Path

from ksys_app.errors import ConfigError


def is_text_file(path: Path) -> bool:
    """Whether ``path`` is a file of UTF-8 text; False if it does not exist or is a pipe.

    A pipe can be read only once, so it is not read here.

    Raises:
        ConfigError: it is a folder, cannot be read, or is not UTF-8.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ConfigError(
                f"{path.absolute()} is a folder; it has to be a text file, see .env.example"
            )
        if not stat.S_ISREG(mode):
            return False
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(
            f"{path.absolute()} cannot be read ({error.strerror}); give it to the user who runs "
            "ksys: chown, chmod 600"
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    # UTF-16 without a byte order mark is valid UTF-8: it has a NUL beside each letter.
    if "\0" in text:
        raise ConfigError(
            f"{path.absolute()} is not UTF-8 text; save it as UTF-8 (Notepad: Save as, Encoding)"
        )
    return True
