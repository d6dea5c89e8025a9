"""The log: one line for each event, with ``key=value`` pairs and without secrets (PRD §7.4).

Every event has the common fields ``range tag view rowcount dur_ms cache_hit``; a field that does
not apply is ``-``. A repeated failure is logged twice: when it starts and when it ends.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Final, Literal

Event = Literal[
    "dash_load_ok",
    "range_change_ok",
    "tag_filter_ok",
    "snapshot_refresh",
    "overlay_toggle",
    "qc_badge_eval",
    "rule_fault",
    "db_fail",
    "db_recover",
    "payload_bloat",
    "comm_load_ok",
    "comm_nav_prev",
    "comm_nav_next",
    "comm_recent30",
    "comm_cell_select",
    "export_ok",
    "export_broken",
    "job_fail",
    "job_recover",
    "ws_refused",
    "event_refused",
    "page_fail",
]
COMMON: Final = ("range", "tag", "view", "rowcount", "dur_ms", "cache_hit")
_WARNING: Final = frozenset(
    {
        *("db_fail", "payload_bloat", "job_fail", "rule_fault"),
        *("ws_refused", "event_refused", "page_fail"),
    }
)

logger = logging.getLogger("ksys")
# The driver would warn of every failed attempt. The product logs the start and the end of an outage
# itself.
driver = logging.getLogger("psycopg")


def event(name: Event, **fields: object) -> None:
    """Log an event with its fields; the common fields come first."""
    ordered = {key: fields.get(key) for key in COMMON} | fields
    line = " ".join([name, *(f"{key}={_text(value)}" for key, value in ordered.items())])
    logger.log(logging.WARNING if name in _WARNING else logging.INFO, line)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.1f}"
    text = str(value)
    if text.isprintable() and not any(sign in text for sign in ' "='):
        return text
    plain = text.replace("\\", "\\\\")
    escaped = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in plain)
    return '"' + escaped.replace('"', '\\"') + '"'


def setup(level: int = logging.INFO) -> None:
    """Send the log to standard error with UTC times; call once in a process."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for source, least in ((logger, level), (driver, logging.ERROR)):
        source.handlers = [handler]
        source.setLevel(least)
        source.propagate = False
