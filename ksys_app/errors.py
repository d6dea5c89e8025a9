"""Errors that a user can see; each class is one error code of PRD §7.2.

The message is one sentence that says what is wrong and what to do. An error that a page can show
holds a :class:`Message`, so that the page shows it in the reader's language; the sentence of any
other error is in English. If the driver raised an error, it is in ``__cause__``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Final

from ksys_app.models.annotations import Annotation
from ksys_app.models.expressions import Span
from ksys_app.models.limits import Contradiction, Edited
from ksys_app.models.message import Message
from ksys_app.texts import say
from ksys_app.utils import request


class KsysError(Exception):
    """An error with a known cause.

    Attributes:
        request_id: id of the request whose lines of the log are about the error; may be empty.
        span: the part of an expression that the error is about, None for another error.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str | Message = "") -> None:
        super().__init__(what)
        self.request_id = request.current()
        self.span: Span | None = None

    @property
    def sentence(self) -> Message:
        """The sentence shown to the user, as a message that a page translates."""
        what = self.args[0] or (self.__doc__ or self.code).splitlines()[0]
        return what if isinstance(what, Message) else Message("errors.plain", {"text": str(what)})

    @property
    def message(self) -> str:
        """The sentence shown to the user, in English."""
        return say(self.sentence)

    def __str__(self) -> str:
        """The sentence in English."""
        return self.message


class ConfigError(KsysError):
    """A setting or an argument is missing or wrong."""

    code = "CONFIG"
    exit_code = 2


class NotStarted(KsysError):
    """The app did not start, or ended by itself."""

    code = "START"


class BadParameter(KsysError):
    """A parameter of a request is not one of the allowed values.

    Args:
        what: the sentence.
        edits: the edits of limits that the error is about, with their faults.
    """

    code = "BAD_PARAMETER"
    http_status = 400
    exit_code = 2

    def __init__(self, what: str | Message = "", edits: Sequence[Edited] = ()) -> None:
        super().__init__(what)
        self.edits = edits


class Conflict(KsysError):
    """Somebody else has changed it meanwhile.

    Args:
        what: the sentence.
        contradictions: each tag whose values do not agree, with these values.
        annotation: the annotation in force.
    """

    code = "CONFLICT"
    http_status = 409

    def __init__(
        self,
        what: str | Message = "",
        contradictions: Sequence[Contradiction] = (),
        annotation: Annotation | None = None,
    ) -> None:
        super().__init__(what)
        self.contradictions = contradictions
        self.annotation = annotation


class AddressTooLong(KsysError):
    """The address of a request is too long."""

    code = "ADDRESS_LONG"
    http_status = 414


class AuthRequired(KsysError):
    """Nobody is logged in, or the login failed."""

    code = "AUTH_REQUIRED"
    http_status = 401


class RateLimited(KsysError):
    """There were too many requests.

    Args:
        what: the sentence.
        retry_after_s: seconds until the next request may succeed.
    """

    code = "RATE_LIMITED"
    http_status = 429

    def __init__(self, what: str | Message = "", retry_after_s: float = 1.0) -> None:
        super().__init__(what)
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class Forbidden(KsysError):
    """The request is not allowed."""

    code = "FORBIDDEN"
    http_status = 403


class UnknownTag(KsysError):
    """The database does not have this tag."""

    code = "UNKNOWN_TAG"
    http_status = 404
    exit_code = 2


class DatabaseUnreachable(KsysError):
    """The database does not answer."""

    code = "DB_CONN"
    http_status = 503
    exit_code = 3


class DatabaseTimeout(KsysError):
    """The database took too long for a statement."""

    code = "DB_TIMEOUT"
    http_status = 503
    exit_code = 3


AWAY: Final = (DatabaseUnreachable, DatabaseTimeout)
"""Errors of a database that is away; a later attempt may succeed."""


class DatabaseFault(KsysError):
    """The database answers with an error of its own."""

    code = "DB_FAULT"
    http_status = 503


class DatabaseRestoring(DatabaseFault):
    """A restore of the database is running or was interrupted."""

    code = "DB_RESTORING"


class NoRows(KsysError):
    """The query returned no rows."""

    code = "NO_ROWS"
    http_status = 404


class SchemaDrift(KsysError):
    """The schema of the database differs from what this version expects."""

    code = "SCHEMA_DRIFT"
    http_status = 500


class PayloadBloat(KsysError):
    """The answer is too large."""

    code = "PAYLOAD_BLOAT"
    http_status = 413


class BuildFailed(KsysError):
    """The pages cannot be built."""

    code = "BUILD"


class BackupFailed(KsysError):
    """A dump or a restore failed, or the two differ."""

    code = "BACKUP"


class Interrupted(BackupFailed):
    """The restore was interrupted."""

    code = "INTERRUPTED"
    exit_code = 130
