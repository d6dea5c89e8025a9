"""Makes the files of React components available to the build."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ksys_app.reflex_compat import link_asset

HERE: Final = Path(__file__).parent
ASSETS: Final = Path("assets")
PACKAGE: Final = HERE.parents[1]
SHARED: Final = "external/ksys_app"


def library(name: str) -> str:
    """The import path of a file, such as ``shell/live.jsx``, in the build."""
    return f"$/public/{SHARED}/components/client/{name}"


def _share() -> None:
    """Link the files and the catalogues of texts into the folder of assets, if there is one.

    ``rx.asset(name, shared=True)`` does the same, but at each call it reads the source of the whole
    call stack: 1.2 s at every start for 43 files.
    """
    if not ASSETS.is_dir():
        return
    folder = (ASSETS / SHARED).absolute()
    for file in (*HERE.rglob("*.js*"), *(PACKAGE / "texts").glob("*.json")):
        link = folder / file.relative_to(PACKAGE)
        link.parent.mkdir(parents=True, exist_ok=True)
        link_asset(link, file)


_share()
