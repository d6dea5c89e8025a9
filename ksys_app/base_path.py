"""The path that the app is served under, and its placeholder in the built pages (PRD §23).

The pages are built with a placeholder as their path. The app replaces the placeholder with the base
path of the site before it serves the pages.
"""

from __future__ import annotations

import re
from typing import Final

PLACEHOLDER: Final = "/__ksys_base__"
ROOT: Final = "/"
# Environment variable with the folder of the built pages, for the process that serves them.
FOLDER_VARIABLE: Final = "__KSYS_PAGES"
# First parts of the paths that are no pages.
ENDPOINTS: Final = frozenset(
    {
        *("api", "docs", "login", "metrics", "ping", "readyz"),
        *("_event", "_health", "_upload", "_all_routes", "auth-codespace"),
    }
)
# First parts of all paths of the app. If the base path began with one of them, the app could not
# tell whether a proxy has removed the base path.
RESERVED: Final = ENDPOINTS | {
    "admin",
    "alarms",
    "assets",
    "comm",
    "explore",
    "external",
    "limits",
    "look",
    "tech",
    "trend",
    "wall",
}
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def base_of(setting: str) -> str:
    """The base path without a slash at its end: ``/ksys`` for ``/ksys/``; empty for the root.

    Raises:
        ValueError: the setting is no path, or it begins with a path of the app.
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


def with_base(content: bytes, base: str) -> bytes:
    """The content of a built file, with ``base`` in place of the placeholder."""
    return content.replace(PLACEHOLDER.encode(), base.encode())
