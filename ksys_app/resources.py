"""The files that the product needs beside its code (PRD §3).

In a checkout they lie in the project's own folders. A wheel carries them inside the package, in
``shipped/``, under the same names (``scripts/wheel_hook.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent

SHIPPED: Final = _PACKAGE / "shipped"
INSTALLED: Final = SHIPPED.is_dir()
"""Whether this is an installed wheel, not a checkout."""

ROOT: Final = SHIPPED if INSTALLED else _PACKAGE.parent
DB: Final = ROOT / "db"
VERIFY: Final = DB / "verify"
GOLDEN: Final = VERIFY / "golden"
QC: Final = ROOT / "data" / "qc"
RUNBOOKS: Final = ROOT / "docs" / "runbooks"
PAGES: Final = SHIPPED / "pages"
"""The built pages of a wheel; a checkout builds its own (``ops/serving/frontend.py``)."""
