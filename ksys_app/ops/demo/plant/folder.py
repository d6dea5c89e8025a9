"""Records the source of a folder's samples, so that simulator and recording are not mixed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ksys_app.errors import ConfigError

MARK: Final = "samples-from"


def claim(data_dir: Path, source: str) -> None:
    """Record the source of the samples in the folder.

    Simulator and recording write the same tags, so a mix would show a plant that never existed.

    Args:
        data_dir: the folder, which exists.
        source: ``simulator``, ``replay``, or a plant of any size.

    Raises:
        ConfigError: the folder already has samples of the other source.
    """
    mark = data_dir / MARK
    recorded = mark.read_text("utf-8").strip() if mark.exists() else ""
    if recorded and recorded != source:
        raise ConfigError(
            f"{data_dir} holds samples of the {recorded}; choose another folder with --data-dir"
        )
    mark.write_text(f"{source}\n", "utf-8")
