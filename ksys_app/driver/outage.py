"""An outage of the database: since when it lasts, and one log line for each cause (PRD §7.4)."""

from __future__ import annotations

from ksys_app import log
from ksys_app.errors import KsysError


class Outage:
    """Follows whether the database answers. Times are seconds of a clock that never goes back.

    Args:
        database: name of the database in the log.

    Attributes:
        began_at: when the database stopped answering, None while it answers.
    """

    def __init__(self, database: str) -> None:
        self.began_at: float | None = None
        self._database = database
        self._ended_at = 0.0
        self._logged: dict[str, str] = {}

    def is_over_for(self, statement_began: float) -> bool:
        """Whether a statement that failed belongs to an outage that has ended since it began."""
        return self.began_at is None and statement_began < self._ended_at

    def record_failure(self, error: KsysError, now: float, *, over: bool) -> None:
        """Begin an outage, or go on with it.

        An outage may have several codes. Each is logged once; later errors get the id of the
        request in that line.

        Args:
            error: why the statement failed.
            now: the time.
            over: whether the statement belongs to an outage that has ended.
        """
        if over:
            error.request_id = self._logged.get(error.code, error.request_id)
            return
        if self.began_at is None:
            self.began_at = now
            self._logged.clear()
        logged = error.code in self._logged
        error.request_id = self._logged.setdefault(error.code, error.request_id)
        if not logged:
            log.event("db_fail", code=error.code, database=self._database, error=error.message)

    def record_answer(self, now: float) -> None:
        """End the outage, if there is one."""
        if self.began_at is None:
            return
        lasted, self.began_at, self._ended_at = now - self.began_at, None, now
        log.event("db_recover", database=self._database, dur_ms=lasted * 1000)
