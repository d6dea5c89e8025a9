"""Paths of the files that the product needs in addition to its code (PRD §3).

In a checkout the files are in the project's folders. In a wheel they are inside the package, in
``shipped/``, with the same names (``scripts/wheel_hook.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent

SHIPPED: Final = _PACKAGE / "shipped"
INSTALLED: Final = SHIPPED.is_dir()
"""Whether the code runs from an installed wheel, not from a checkout."""

ROOT: Final = SHIPPED if INSTALLED else _PACKAGE.parent
DB: Final = ROOT / "db"
VERIFY: Final = DB / "verify"
GOLDEN: Final = VERIFY / "golden"
QC: Final = ROOT / "data" / "qc"
RUNBOOKS: Final = ROOT / "docs" / "runbooks"
PAGES: Final = SHIPPED / "pages"
"""The built pages in a wheel. A checkout builds its pages itself (``ops/serving/frontend.py``)."""
