"""The log: one line for each event, as text or as JSON, and without secrets (PRD §7.4).

Every event has the common fields ``range tag view rowcount dur_ms cache_hit``; a field that does
not apply is ``-``, in JSON ``null``. A repeated failure is logged twice: when it starts and when it
ends. Libraries write through the same handler.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from ksys_app.utils import request
from ksys_app.utils.printable import printable, printable_json

Form = Literal["text", "json"]
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
    "alarm_lease",
    "alarm_lease_lost",
    "alarm_standby",
    "alarm_fail",
    "alarm_recover",
    "notify_fail",
    "notify_recover",
    "ws_refused",
    "event_refused",
    "page_fail",
    "page_problem",
    "http_fail",
]
COMMON: Final = ("range", "tag", "view", "rowcount", "dur_ms", "cache_hit")
_WARNING: Final = frozenset(
    {
        *("db_fail", "payload_bloat", "job_fail", "rule_fault"),
        *("alarm_fail", "alarm_lease_lost", "notify_fail"),
        *("ws_refused", "event_refused", "page_fail"),
        *("page_problem", "http_fail"),
    }
)
MESSAGE: Final = "message"
"""The event of a line that has no name, such as those of libraries."""
HIDDEN: Final = "********"
"""The text in a line in place of a secret."""
# A shorter text would also match parts of ordinary words.
_SHORTEST_SECRET: Final = 4
# How PostgreSQL quotes a statement in the message of an error, with a mark below the place.
_STATEMENT: Final = re.compile(r"^(LINE \d+|QUERY|CONTEXT|STATEMENT): .*(?:\n *\^)?", re.MULTILINE)
_HEAD: Final = ("ts", "level", "logger", "event")

logger = logging.getLogger("ksys")
# The driver would warn of every failed attempt. The product logs the start and the end of an outage
# itself.
driver = logging.getLogger("psycopg")


def event(name: Event, **fields: object) -> None:
    """Log an event with its fields; the common fields come first."""
    ordered = {key: fields.get(key) for key in COMMON} | fields
    line(name, ordered, logging.WARNING if name in _WARNING else logging.INFO)


def line(name: str, fields: Mapping[str, object], level: int = logging.INFO) -> None:
    """Log a line with a name and fields, without the common ones."""
    text = " ".join([name, *(f"{key}={_text(value)}" for key, value in fields.items())])
    logger.log(level, "%s", text, extra={"event_name": name, "fields": dict(fields)})


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.1f}"
    text = str(value)
    if text.isprintable() and not any(character in text for character in ' "='):
        return text
    return '"' + printable(text.replace("\\", "\\\\")).replace('"', '\\"') + '"'


class _Formatter(logging.Formatter):
    """The common part of both forms: times in UTC, and no secrets.

    Args:
        secrets: texts that no line may contain.
    """

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self.converter = time.gmtime
        plain = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        forms = plain | {_text(secret).strip('"') for secret in plain}
        self._hide = sorted(forms, key=len, reverse=True)

    def formatException(self, ei: Any) -> str:
        """The traceback, without the parts of statements that the driver quotes."""
        return _STATEMENT.sub(rf"\1: {HIDDEN}", super().formatException(ei))

    def hidden(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._hide:
            text = text.replace(secret, HIDDEN)
        return text


class Text(_Formatter):
    """A line for people; a traceback follows in further lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line itself, with the id of the request at its end."""
        # A text from outside must not look like a line of its own.
        record.message = printable(record.message)
        formatted = super().formatMessage(record)
        request_id = _request_id(record)
        return f"{formatted} request_id={request_id}" if request_id else formatted

    def format(self, record: logging.LogRecord) -> str:
        """The line and its traceback."""
        return self.hidden(super().format(record))


class Json(_Formatter):
    """One JSON object in one line, with the traceback as a field."""

    def format(self, record: logging.LogRecord) -> str:
        """``ts``, ``level``, ``logger`` and ``event``, then ``request_id`` and the event's fields.

        A field with the name of one of the first four begins with ``event_``.
        """
        name = getattr(record, "event_name", MESSAGE)
        head = (self.formatTime(record), record.levelname, record.name, name)
        entry: dict[str, Any] = dict(zip(_HEAD, head, strict=True))
        entry["request_id"] = _request_id(record) or None
        fields = getattr(record, "fields", None)
        for key, value in ({"message": record.getMessage()} if fields is None else fields).items():
            entry[f"event_{key}" if key in _HEAD else key] = self._value(value)
        if record.exc_info and record.exc_info[0] is not None:
            entry["exception"] = self.hidden(self.formatException(record.exc_info))
        return printable_json(json.dumps(entry, ensure_ascii=False))

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        return self.hidden(str(value))


def _request_id(record: logging.LogRecord) -> str:
    """The id of the current request; empty if the line has its own field ``request_id``."""
    own = getattr(record, "fields", {})
    return "" if "request_id" in own else request.current()


_form: Form = "text"


def writes_json() -> bool:
    """Whether the lines of this process are JSON."""
    return _form == "json"


def setup(form: Form = "text", secrets: Iterable[str] = (), level: int = logging.INFO) -> None:
    """Send every line of the process, also those of libraries, to standard error.

    Call it again after more libraries are loaded, because some of them add their own handlers.

    Args:
        form: text for people, or JSON for programs.
        secrets: texts that are replaced by asterisks in every line.
        level: lowest level of the product's own lines; libraries log only warnings and errors.
    """
    global _form  # One log per process.
    _form = form
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json(secrets) if form == "json" else Text(secrets))
    for other in logging.root.manager.loggerDict.values():
        if isinstance(other, logging.Logger) and other.handlers:
            other.handlers, other.propagate = [], True
    logging.root.handlers = [handler]
    logger.setLevel(level)
    driver.setLevel(logging.ERROR)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_failed


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    name = failed.thread.name if failed.thread else "?"
    if failed.exc_value is not None:
        logger.error("the thread %s failed", name, exc_info=failed.exc_value)
