"""Maps the driver's errors to the product's, by class and SQLSTATE, not by text (PRD §7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg

from ksys_app.driver.connection import Silent
from ksys_app.driver.pool import Busy
from ksys_app.driver.refusal import Cause, Refusal, first_line
from ksys_app.errors import (
    BadParameter,
    ConfigError,
    DatabaseFault,
    DatabaseTimeout,
    DatabaseUnreachable,
    KsysError,
    SchemaDrift,
)
from ksys_app.models.message import Message

Sentence = tuple[type[KsysError], str]
# Error and sentence of the catalogue for each cause of a refused connection.
BY_CAUSE: Final[Mapping[Cause, Sentence]] = {
    "silent": (DatabaseUnreachable, "refused_silent"),
    "host": (DatabaseUnreachable, "refused_host"),
    "port": (DatabaseUnreachable, "refused_port"),
    "tls": (ConfigError, "refused_tls"),
    "password": (ConfigError, "refused_no_password"),
    "sqlstate": (DatabaseUnreachable, "refused"),
}
BY_SQLSTATE: Final[Mapping[str, Sentence]] = {
    "28P01": (ConfigError, "refused_password"),
    "28000": (ConfigError, "refused_user"),
    "3D000": (ConfigError, "refused_database"),
    "42501": (ConfigError, "refused_connect"),
    "53300": (DatabaseUnreachable, "refused_full"),
    "57P03": (DatabaseUnreachable, "refused_starting"),
    # PostgreSQL itself does not answer a connection attempt with this code.
    "08P01": (DatabaseUnreachable, "refused_pooler"),
}

# Classes of SQLSTATE from a server that runs but cannot execute the statement: not supported, as
# changes on a standby are, rolled back, out of resources, over a limit, wrong state, an error of
# its system, an internal error.
ANSWERED: Final = ("0A", "40", "53", "54", "55", "58", "XX")


def refused(why: Refusal, name: str, user: str) -> KsysError:
    """The product's error for a refused connection; its message has the remedy.

    Args:
        why: the refusal.
        name: the database, without its secrets.
        user: the user of the attempt.
    """
    kind, sentence = BY_SQLSTATE.get(why.sqlstate or "") or BY_CAUSE[why.cause]
    values = {"name": name, "user": repr(user), "message": why.message}
    return kind(Message(f"errors.{sentence}", values))


def map_error(error: BaseException, name: str) -> KsysError | None:
    """The product's error for an error of the driver, None for any other error.

    Args:
        error: the error that was raised.
        name: the database, without its secrets, for the message.
    """
    if isinstance(error, KsysError):
        return error
    found = _kind(error)
    if found is None:
        return None
    kind, sentence = found
    message = error.sentence if isinstance(error, Silent | Busy) else first_line(error)
    return kind(Message(f"errors.{sentence}", {"name": name, "message": message}))


def _kind(error: BaseException) -> Sentence | None:
    """Error and sentence for an error of the driver."""
    match error:
        case Silent():
            return DatabaseTimeout, "silent"
        case Busy():
            return DatabaseUnreachable, "busy"
        case psycopg.errors.QueryCanceled():
            return DatabaseTimeout, "slow"
        case (
            psycopg.errors.UndefinedTable()
            | psycopg.errors.UndefinedColumn()
            | psycopg.errors.UndefinedFunction()
        ):
            return SchemaDrift, "lacks"
        case psycopg.errors.InsufficientPrivilege():
            return SchemaDrift, "denies"
        case psycopg.errors.DiskFull():
            return DatabaseFault, "disk_full"
        case psycopg.Error() if (error.sqlstate or "").startswith(ANSWERED):
            return DatabaseFault, "fault"
        # A key, a column or a kind of relation that a statement of this product relies on.
        case psycopg.ProgrammingError() if (error.sqlstate or "").startswith("42"):
            return SchemaDrift, "drift"
        # A text with half a character, which JSON can hold and the database cannot.
        case psycopg.DataError() | UnicodeEncodeError():
            return BadParameter, "bad_value"
        case psycopg.OperationalError() | psycopg.InterfaceError() | OSError():
            return DatabaseUnreachable, "no_answer"
    return None
