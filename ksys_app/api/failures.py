"""Logs errors of the schema and of the database that HTTP answers with (PRD §7.4)."""

from __future__ import annotations

from typing import Final

from ksys_app import log
from ksys_app.errors import AWAY, KsysError
from ksys_app.utils.pace import Pace

# In a minute, for each code: a client may ask again and again.
LINES: Final = 5
_paces: Final[dict[str, Pace]] = {}


def note(error: KsysError, path: str) -> None:
    """Log an answer with an error that is not the client's fault, a few times a minute.

    The log has the beginning and the end of an outage already (``db_fail``, ``db_recover``).

    Args:
        error: the error.
        path: path of the request.
    """
    if error.http_status < 500 or isinstance(error, AWAY):
        return
    pace = _paces.setdefault(error.code, Pace(LINES))
    unlogged = pace.held
    if pace.passes():
        pace.held = 0
        log.event("http_fail", code=error.code, path=path, error=error.message, unlogged=unlogged)
