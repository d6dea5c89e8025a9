"""The files of React components in the folders beside this file, as the build finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ksys_app.reflex_compat import link_asset

HERE: Final = Path(__file__).parent
ASSETS: Final = Path("assets")
PACKAGE: Final = HERE.parents[1]
SHARED: Final = "external/ksys_app"


def library(name: str) -> str:
    """Where the build finds a file, named as ``shell/live.jsx``."""
    return f"$/public/{SHARED}/components/client/{name}"


def _share() -> None:
    """Link these files and the catalogues of words into the assets, where a project is worked on.

    ``rx.asset(name, shared=True)`` does the same, but reads the source of the whole call stack at
    each call: 1.2 s of every start for 43 files.
    """
    if not ASSETS.is_dir():
        return
    folder = (ASSETS / SHARED).absolute()
    for file in (*HERE.rglob("*.js*"), *(PACKAGE / "texts").glob("*.json")):
        link = folder / file.relative_to(PACKAGE)
        link.parent.mkdir(parents=True, exist_ok=True)
        link_asset(link, file)


_share()
