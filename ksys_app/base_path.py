"""The path that the app is served under, and where the built pages hold it (PRD §23).

The pages are built for a path that nobody uses. What is served has the site's own in its place.
"""

from __future__ import annotations

import re
from typing import Final

PLACEHOLDER: Final = "/__ksys_base__"
ROOT: Final = "/"
# Names the folder of the built pages to the app in the process that serves them.
FOLDER_VARIABLE: Final = "__KSYS_PAGES"
# First parts of the paths that the app answers and no page does.
ENDPOINTS: Final = frozenset(
    {
        *("api", "docs", "metrics", "ping", "readyz"),
        *("_event", "_health", "_upload", "_all_routes", "auth-codespace"),
    }
)
# First parts of all of the app's own paths: under one of them a proxy that keeps the base path
# could not be told from one that takes it away.
RESERVED: Final = ENDPOINTS | {"assets", "comm", "external", "look", "tech", "trend"}
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def base_of(setting: str) -> str:
    """``/ksys`` of ``/ksys/``; empty for the root, so that a path of the app can follow.

    Raises:
        ValueError: it is no path, or one of the app's own.
    """
    base = setting.rstrip("/")
    if not base:
        return ""
    parts = base.split("/")[1:]
    if not _PATH.fullmatch(base) or {".", ".."} & set(parts) or base == PLACEHOLDER:
        raise ValueError(f"{setting!r} is not a path, e.g. /ksys")
    if parts[0] in RESERVED:
        raise ValueError(f"{setting!r} begins with a path of the app itself; choose another")
    return base


def placed(content: bytes, base: str) -> bytes:
    """A file of the build as it is under ``base``; the same bytes where it holds no address."""
    return content.replace(PLACEHOLDER.encode(), base.encode())
