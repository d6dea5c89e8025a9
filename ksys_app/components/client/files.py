"""The files of React components in the folders beside this file, as the build finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ksys_app.reflex_compat import link_asset

HERE: Final = Path(__file__).parent
ASSETS: Final = Path("assets")
SHARED: Final = "external/ksys_app/components/client"


def library(name: str) -> str:
    """Where the build finds a file, named as ``shell/live.jsx``."""
    return f"$/public/{SHARED}/{name}"


def _share() -> None:
    """Link every file of the folders into the assets of the project, where one is being worked on.

    ``rx.asset(name, shared=True)`` does the same, but reads the source of the whole call stack at
    each call: 1.2 s of every start for 43 files.
    """
    if not ASSETS.is_dir():
        return
    folder = (ASSETS / SHARED).absolute()
    for file in HERE.rglob("*.js*"):
        link = folder / file.relative_to(HERE)
        link.parent.mkdir(parents=True, exist_ok=True)
        link_asset(link, file)


_share()
