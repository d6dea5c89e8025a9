"""Whose samples a data folder holds: the simulator's and a recording's do not mix."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from ksys_app.errors import ConfigError

Source = Literal["simulator", "replay"]
MARK: Final = "samples-from"


def claim(data_dir: Path, source: Source) -> None:
    """Note in the folder where its samples come from.

    Both write the same tags, so that one after the other would show a plant that never was.

    Raises:
        ConfigError: it already holds the other's.
    """
    mark = data_dir / MARK
    held = mark.read_text("utf-8").strip() if mark.exists() else ""
    if held and held != source:
        raise ConfigError(
            f"{data_dir} holds samples of the {held}; choose another folder with --data-dir"
        )
    mark.write_text(f"{source}\n", "utf-8")
