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

Sentence = tuple[type[KsysError], str]
# Sentences for each cause of a refused connection. "words" come from the server, in its language.
BY_CAUSE: Final[Mapping[Cause, Sentence]] = {
    "silent": (
        DatabaseUnreachable,
        "{name} does not answer ({message}); check that the server runs and no firewall is between",
    ),
    "host": (
        DatabaseUnreachable,
        "{name} does not answer ({message}); check the DSN's host",
    ),
    "port": (
        DatabaseUnreachable,
        "{name} does not answer ({message}); check that it runs and the DSN's host and port",
    ),
    "tls": (
        ConfigError,
        "{name} makes no TLS connection ({message}); check sslmode and sslrootcert in the DSN and "
        "the server's certificate",
    ),
    "password": (
        ConfigError,
        "{name} asks for the password of {user!r}; put it into the DSN",
    ),
    "sqlstate": (DatabaseUnreachable, "{name} refuses the connection ({message})"),
}
BY_SQLSTATE: Final[Mapping[str, Sentence]] = {
    "28P01": (ConfigError, "{name} refuses the password of {user!r}; correct it in the DSN"),
    "28000": (
        ConfigError,
        "{name} does not let {user!r} in ({message}); correct the user in the DSN, or pg_hba.conf "
        "on the server",
    ),
    "3D000": (ConfigError, "{name} has no such database; create it or correct the DSN"),
    "42501": (
        ConfigError,
        "{name} does not let {user!r} into this database ({message}); grant CONNECT on it",
    ),
    "53300": (
        DatabaseUnreachable,
        "{name} has no connection left ({message}); lower KSYS_POOL_MAX or raise max_connections",
    ),
    "57P03": (
        DatabaseUnreachable,
        "{name} takes no connections yet ({message}); try again in a moment",
    ),
    # PostgreSQL itself does not answer a connection attempt with this code.
    "08P01": (
        DatabaseUnreachable,
        "the pooler at {name} refuses the connection ({message}); correct the DSN or the pooler's "
        "settings",
    ),
}

# Classes of SQLSTATE from a server that runs but cannot execute the statement: rolled back, out of
# resources, over a limit, wrong state, an error of its system, an internal error.
ANSWERED: Final = ("40", "53", "54", "55", "58", "XX")
DISK_FULL: Final = "{name} has no room left on its disk ({message}); make room there and try again"
OTHER_FAULT: Final = "{name} answers and cannot do it ({message}); the log of its server has more"


def refused(why: Refusal, name: str, user: str) -> KsysError:
    """The product's error for a refused connection; its message says what to do.

    Args:
        why: the refusal.
        name: the database, without its secrets.
        user: the user of the attempt.
    """
    kind, sentence = BY_SQLSTATE.get(why.sqlstate or "") or BY_CAUSE[why.cause]
    return kind(sentence.format(name=name, user=user, message=why.message))


def map_error(error: BaseException, name: str) -> KsysError | None:
    """The product's error for an error of the driver, None for any other error.

    Args:
        error: the error that was raised.
        name: the database, without its secrets, for the message.
    """
    if isinstance(error, KsysError):
        return error
    if isinstance(error, Silent):
        return DatabaseTimeout(
            f"{name} gives no sign of life ({first_line(error)}); check the server and its network"
        )
    if isinstance(error, Busy):
        return DatabaseUnreachable(f"{name}: {first_line(error)}; raise KSYS_POOL_MAX")
    if isinstance(error, psycopg.errors.QueryCanceled):
        return DatabaseTimeout(f"{name} took too long to answer; try a shorter window")
    if isinstance(
        error,
        psycopg.errors.UndefinedTable
        | psycopg.errors.UndefinedColumn
        | psycopg.errors.UndefinedFunction,
    ):
        return SchemaDrift(
            f"{name} lacks what this version reads ({first_line(error)}); run ksys db init"
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return SchemaDrift(f"{name} denies it ({first_line(error)}); run ksys db init to grant it")
    if isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(ANSWERED):
        full = isinstance(error, psycopg.errors.DiskFull)
        sentence = DISK_FULL if full else OTHER_FAULT
        return DatabaseFault(sentence.format(name=name, words=first_line(error)))
    if isinstance(error, psycopg.ProgrammingError) and (error.sqlstate or "").startswith("42"):
        # A key, a column or a kind of relation that a statement of this product relies on.
        return SchemaDrift(
            f"{name} is not built as this version expects ({first_line(error)}); ksys db verify "
            "names what differs"
        )
    if isinstance(error, psycopg.DataError):
        return BadParameter(f"the database refuses a value: {first_line(error)}")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OSError):
        return DatabaseUnreachable(f"{name} does not answer ({first_line(error)})")
    return None
