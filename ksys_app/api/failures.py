"""Log the errors of the schema and of the database that HTTP responses report (PRD §7.4)."""

from __future__ import annotations

from typing import Final

from ksys_app import log
from ksys_app.errors import AWAY, KsysError
from ksys_app.utils.pace import Pace

# Lines a minute for each error code, because a client may repeat a failing request forever.
LINES: Final = 5
_paces: Final[dict[str, Pace]] = {}


def note(error: KsysError, path: str) -> None:
    """Log an error that is not the client's fault, a few times a minute.

    An outage of the database is not logged here, because ``db_fail`` and ``db_recover`` log it.

    Args:
        error: the error of the response.
        path: the path of the request.
    """
    if error.http_status < 500 or isinstance(error, AWAY):
        return
    pace = _paces.setdefault(error.code, Pace(LINES))
    unlogged = pace.refused
    if pace.passes():
        pace.refused = 0
        log.event("http_fail", code=error.code, path=path, error=error.message, unlogged=unlogged)
