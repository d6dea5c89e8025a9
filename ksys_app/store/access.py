"""Sessions, tokens, failed attempts and the audit, through the functions of schema ``ksys``.

Each function runs one statement as ``eco_op``: ``database`` is the result of
:func:`ksys_app.db.operator`. The errors are those of :meth:`ksys_app.db.Database.fetch_all`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from ksys_app.db import Database
from ksys_app.domain.access import (
    ABSOLUTE,
    ADDRESS_FAILURES,
    ADDRESS_FORGET,
    ADDRESS_MANY,
    FORGET,
    IDLE,
    LOCKS_AFTER,
    WAITS,
    clean_name,
    failure_network,
)
from ksys_app.models.access import Action, Attempt, AuditRow, Role, Session, Token

ATTEMPT: Final = """
SELECT * FROM ksys.attempt(
  %(name)s, %(counted)s, %(waits)s::double precision[], %(forget)s, %(most)s, %(each)s, %(many)s)
"""
FAILED: Final = """
SELECT ksys.failed(%(name)s, %(address)s, %(reason)s, %(locks_after)s) AS count
"""
START_SESSION: Final = """
SELECT * FROM ksys.start_session(
  %(key)s, %(user)s, %(role)s, %(via)s, %(address)s, %(counted)s, %(agent)s, %(old_key)s, %(idle)s,
  %(absolute)s, %(each)s)
"""
CHANGE_PASSWORD: Final = """
SELECT * FROM ksys.change_password(
  %(user)s, %(old)s, %(new)s, %(key)s, %(address)s, %(counted)s, %(agent)s, %(old_key)s, %(idle)s,
  %(absolute)s, %(each)s)
"""  # noqa: S105 - a statement
SESSION: Final = "SELECT * FROM ksys.session(%(key)s, %(idle)s)"
ACTIVE: Final = "SELECT * FROM ksys.active(%(keys)s, %(idle)s)"
END_SESSION: Final = "SELECT ksys.end_session(%(key)s, %(reason)s) AS count"
SESSIONS: Final = "SELECT * FROM ksys.sessions(%(idle)s)"
REVOKE: Final = "SELECT ksys.revoke(%(id)s, %(actor)s, %(via)s, %(address)s) AS count"
REHASH: Final = "SELECT ksys.rehash(%(name)s, %(old)s, %(new)s) AS count"
TOKEN: Final = "SELECT * FROM ksys.token(%(key)s)"  # noqa: S105 - a statement
NOTE: Final = """
SELECT ksys.note(
  %(actor)s, %(via)s, %(action)s, %(subject)s, %(detail)s::jsonb, %(address)s) AS count
"""
AUDIT: Final = """
SELECT * FROM ksys.audit(%(since)s, %(until)s, %(before)s, %(limit)s)
"""


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


@dataclass(frozen=True, slots=True)
class _Key:
    key: bytes


async def attempt(database: Database, name: str, address: str) -> Attempt:
    """Count an attempt to log in; the result has the stored hash and the time to wait.

    The attempt counts as failed until :func:`start_session`. If the caller has to wait, the attempt
    is not counted.
    """
    params = {
        "name": clean_name(name),
        "counted": failure_network(address),
        "waits": list(WAITS),
        "forget": FORGET,
        "most": ADDRESS_FAILURES,
        "each": ADDRESS_FORGET,
        "many": ADDRESS_MANY,
    }
    return (await database.fetch_all(Attempt, ATTEMPT, params, name="access_attempt"))[0]


async def record_failure(database: Database, name: str, address: str, reason: str) -> None:
    """Record a failed attempt, and the lockout if the attempt caused one."""
    params = {
        "name": clean_name(name),
        "address": address,
        "reason": reason,
        "locks_after": LOCKS_AFTER,
    }
    await database.fetch_all(_Count, FAILED, params, name="access_failed")


async def start_session(
    database: Database,
    key: bytes,
    user: str,
    role: Role | None,
    via: str,
    address: str,
    agent: str,
    old_key: bytes | None,
) -> Session | None:
    """Log a person in and end the session of ``old_key``.

    Args:
        database: the operator's database.
        key: key of a new secret (:func:`ksys_app.domain.access.key_of`).
        user: name of the person.
        role: role that an identity provider gives the person; None: the list of users decides.
        via: ``local``, ``proxy`` or ``oidc``.
        address: address of the client.
        agent: what the browser calls itself; the database stores 300 characters of it.
        old_key: key of the session that the browser had, None if it had none.

    Returns:
        The session. None: the person is disabled or was removed, or has no role.
    """
    params = _begins(key, user, address, agent, old_key) | {"role": role, "via": via}
    rows = await database.fetch_all(Session, START_SESSION, params, name="access_start_session")
    return rows[0] if rows else None


async def change_password(
    database: Database,
    key: bytes,
    user: str,
    old: str,
    new: str,
    address: str,
    agent: str,
    old_key: bytes | None,
) -> Session | None:
    """Give a local user a new password, end all sessions of the user, and begin one.

    Args:
        database: the operator's database.
        key: key of a new secret.
        user: name of the user.
        old: the stored hash of the old password.
        new: the hash of the new password.
        address: address of the client.
        agent: what the browser calls itself.
        old_key: key of the session that the browser had.

    Returns:
        The session. None: the user has another password by now, or is disabled.
    """
    params = _begins(key, user, address, agent, old_key) | {"old": old, "new": new}
    rows = await database.fetch_all(Session, CHANGE_PASSWORD, params, name="access_change_password")
    return rows[0] if rows else None


def _begins(
    key: bytes, user: str, address: str, agent: str, old_key: bytes | None
) -> dict[str, Any]:
    """The parameters of a new session."""
    return {
        "key": key,
        "user": clean_name(user),
        "address": address,
        "counted": failure_network(address),
        "agent": agent,
        "old_key": old_key,
        "idle": IDLE,
        "absolute": ABSOLUTE,
        "each": ADDRESS_FORGET,
    }


async def session(database: Database, key: bytes) -> Session | None:
    """The session of a key. None: it expired or was ended, or the person may not log in."""
    params = {"key": key, "idle": IDLE}
    rows = await database.fetch_all(Session, SESSION, params, name="access_session")
    return rows[0] if rows else None


async def active_keys(database: Database, keys: Sequence[bytes]) -> list[bytes]:
    """Those of the keys whose sessions have not ended. The sessions count as used."""
    params = {"keys": list(keys), "idle": IDLE}
    rows = await database.fetch_all(_Key, ACTIVE, params, name="access_active")
    return [row.key for row in rows]


async def end_session(database: Database, key: bytes, reason: str) -> None:
    """Log a person out, and record why."""
    params = {"key": key, "reason": reason}
    await database.fetch_all(_Count, END_SESSION, params, name="access_end_session")


async def sessions(database: Database) -> list[Session]:
    """The sessions that have not ended, the last used ones first; at most 1,000."""
    return await database.fetch_all(Session, SESSIONS, {"idle": IDLE}, name="access_sessions")


async def revoke(
    database: Database, session_id: str, actor: str, address: str, via: str = "local"
) -> int:
    """End the session with this id for ``actor``; returns the number of ended sessions, 0 or 1."""
    params = {"id": session_id, "actor": actor, "via": via, "address": address}
    return (await database.fetch_all(_Count, REVOKE, params, name="access_revoke"))[0].count


async def rehash(database: Database, name: str, old: str, new: str) -> None:
    """Replace the hash ``old`` of a user by a hash of the same password with newer parameters."""
    params = {"name": clean_name(name), "old": old, "new": new}
    await database.fetch_all(_Count, REHASH, params, name="access_rehash")


async def token(database: Database, key: bytes) -> Token | None:
    """The token of a key, None if it expired or was revoked."""
    rows = await database.fetch_all(Token, TOKEN, {"key": key}, name="access_token")
    return rows[0] if rows else None


async def note(
    database: Database,
    actor: str,
    via: str,
    action: Action,
    subject: str,
    detail: Mapping[str, Any],
    address: str,
) -> None:
    """Record an action, or an attempt, in the audit."""
    params = {
        "actor": actor,
        "via": via,
        "action": action,
        "subject": subject,
        "detail": Jsonb(dict(detail)),
        "address": address,
    }
    await database.fetch_all(_Count, NOTE, params, name="access_note")


async def audit(
    database: Database,
    since: datetime | None,
    until: datetime | None,
    before_id: int | None,
    limit: int,
) -> list[AuditRow]:
    """Rows of the audit, newest first.

    Args:
        database: the operator's database.
        since: only rows from this time on, None for all.
        until: only rows before this time, None for all.
        before_id: only rows before the one with this id, for the next page.
        limit: most rows.
    """
    params = {"since": since, "until": until, "before": before_id, "limit": limit}
    return await database.fetch_all(AuditRow, AUDIT, params, name="access_audit")
