"""Adds, changes and removes users as the owner; each change has its row in the audit.

A trigger of the table ends the sessions of a changed user (``db/116_access.sql``). Every function
raises :class:`ConfigError` for a user who does not exist, and
:class:`~ksys_app.errors.SchemaDrift` for a database without the schema.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain.access import clean_name, is_last_admin, name_problem, password_problem
from ksys_app.errors import ConfigError
from ksys_app.models.access import Action, Role, User
from ksys_app.ops.access import audit
from ksys_app.ops.owner import owner
from ksys_app.ops.relations import few_names
from ksys_app.utils import credentials

COLUMNS: Final = "name, role, disabled, password IS NULL AS external, created_at, changed_at"
# The rows are locked, so that two commands at once cannot remove the last two admins.
LOCKED: Final = f"SELECT {COLUMNS} FROM ksys.app_user ORDER BY name FOR UPDATE"  # noqa: S608
ALL: Final = f"SELECT {COLUMNS} FROM ksys.app_user ORDER BY lower(name)"  # noqa: S608
ADD: Final = """
INSERT INTO ksys.app_user (name, role, password) VALUES (%(name)s, %(role)s, %(password)s)
ON CONFLICT DO NOTHING
"""
SET_ROLE: Final = (
    "UPDATE ksys.app_user SET role = %(value)s, changed_at = now() WHERE name = %(name)s"
)
SET_DISABLED: Final = (
    "UPDATE ksys.app_user SET disabled = %(value)s, changed_at = now() WHERE name = %(name)s"
)
NEW_HASH: Final = (
    "UPDATE ksys.app_user SET password = %(value)s, changed_at = now() WHERE name = %(name)s"
)
REMOVE: Final = "DELETE FROM ksys.app_user WHERE name = %(name)s"
# A new password also ends a lockout.
UNLOCK: Final = "DELETE FROM ksys.attempt WHERE kind = 'user' AND who = lower(%(name)s)"
SESSIONS: Final = "SELECT count(*) FROM ksys.session WHERE lower(user_name) = lower(%(name)s)"


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a change.

    Attributes:
        name: the user's name, as it is stored.
        sessions: number of sessions that ended.
        already: the user was like this already, and nothing was changed.
    """

    name: str
    sessions: int = 0
    already: bool = False


async def add_user(dsn: str, name: str, role: Role, password: str | None, by: str) -> str:
    """Add a user.

    Args:
        dsn: the owner's DSN.
        name: name of the user.
        role: role of the user.
        password: the password; None for a user whom a proxy identifies.
        by: who adds the user (:func:`ksys_app.ops.access.audit.actor`).

    Returns:
        The name, as it is stored.

    Raises:
        ConfigError: the name or the password cannot be used, or the user exists already.
    """
    name = checked_name(name)
    stored = None if password is None else await _hash(password, name)
    async with owner(dsn) as conn, conn.transaction():
        inserted = await conn.execute(ADD, {"name": name, "role": role, "password": stored})
        if not inserted.rowcount:
            raise ConfigError(
                f"there is a user {name!r} already; upper and lower case are equal. See ksys user "
                "list, and change the user with ksys user role or ksys user passwd"
            )
        detail = {"role": role, "external": password is None}
        await audit.note(conn, by, "user_added", name, detail)
    return name


async def set_role(dsn: str, name: str, role: Role, by: str, *, force: bool = False) -> Changed:
    """Give a user another role; all sessions of the user end.

    Raises:
        ConfigError: it would leave no admin, and ``force`` is not given.
    """
    async with _user(dsn, name) as (conn, users, user):
        if user.role == role:
            return Changed(user.name, already=True)
        if role != "admin":
            _require_another_admin(users, user, force)
        detail = {"from": user.role, "to": role}
        return await _change(conn, user, SET_ROLE, role, by, "role_changed", detail)


async def set_password(dsn: str, name: str, password: str, by: str) -> Changed:
    """Give a user a new password; all sessions of the user end, and a lockout too.

    Raises:
        ConfigError: the password cannot be used.
    """
    stored = await _hash(password, clean_name(name))
    async with _user(dsn, name) as (conn, _, user):
        await conn.execute(UNLOCK, {"name": user.name})
        return await _change(conn, user, NEW_HASH, stored, by, "password_changed", {})


async def disable(dsn: str, name: str, by: str, *, force: bool = False) -> Changed:
    """Keep a user from logging in; all sessions of the user end.

    Raises:
        ConfigError: it would leave no admin, and ``force`` is not given.
    """
    async with _user(dsn, name) as (conn, users, user):
        if user.disabled:
            return Changed(user.name, already=True)
        _require_another_admin(users, user, force)
        return await _change(conn, user, SET_DISABLED, True, by, "user_disabled", {})


async def enable(dsn: str, name: str, by: str) -> Changed:
    """Let a disabled user log in again."""
    async with _user(dsn, name) as (conn, _, user):
        if not user.disabled:
            return Changed(user.name, already=True)
        return await _change(conn, user, SET_DISABLED, False, by, "user_enabled", {})


async def remove(dsn: str, name: str, by: str, *, force: bool = False) -> Changed:
    """Remove a user; all sessions of the user end, and the audit keeps the name.

    Raises:
        ConfigError: it would leave no admin, and ``force`` is not given.
    """
    async with _user(dsn, name) as (conn, users, user):
        _require_another_admin(users, user, force)
        detail = {"role": user.role}
        return await _change(conn, user, REMOVE, None, by, "user_removed", detail)


async def users(dsn: str) -> list[User]:
    """All users by name."""
    async with owner(dsn) as conn, conn.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(ALL)
        return await cursor.fetchall()


def checked_name(name: str) -> str:
    """The name in its stored spelling.

    Raises:
        ConfigError: no user and no token can have this name.
    """
    name = clean_name(name)
    if problem := name_problem(name):
        raise ConfigError(problem)
    return name


def check_password(password: str, name: str) -> None:
    """Check that a user may have this password.

    Raises:
        ConfigError: the password cannot be used; the message does not contain the password.
    """
    if problem := password_problem(password, clean_name(name)):
        raise ConfigError(problem)


async def _hash(password: str, name: str) -> str:
    check_password(password, name)
    return await credentials.hash_password(password)


@asynccontextmanager
async def _user(dsn: str, name: str) -> AsyncIterator[tuple[AsyncConnection, list[User], User]]:
    """A transaction that locks all users; yields the connection, all users, and this user."""
    wanted = clean_name(name).casefold()
    async with owner(dsn) as conn, conn.transaction():
        async with conn.cursor(row_factory=class_row(User)) as cursor:
            await cursor.execute(LOCKED)
            everybody = await cursor.fetchall()
        found = [user for user in everybody if user.name.casefold() == wanted]
        if not found:
            names = few_names([user.name for user in everybody])
            hint = f"there are {names}" if names else "there are no users yet"
            raise ConfigError(f"there is no user {clean_name(name)!r}; {hint}")
        yield conn, everybody, found[0]


def _require_another_admin(everybody: list[User], user: User, force: bool) -> None:
    if is_last_admin(everybody, user.name) and not force:
        raise ConfigError(
            f"{user.name} is the last admin who can log in; make another one first, or use --force"
        )


async def _change(
    conn: AsyncConnection,
    user: User,
    statement: str,
    value: object,
    by: str,
    action: Action,
    detail: Mapping[str, object],
) -> Changed:
    before = await _sessions(conn, user.name)
    await conn.execute(statement.encode(), {"name": user.name, "value": value})
    ended = before - await _sessions(conn, user.name)
    await audit.note(conn, by, action, user.name, {**detail, "sessions_ended": ended})
    return Changed(user.name, ended)


async def _sessions(conn: AsyncConnection, name: str) -> int:
    row = await (await conn.execute(SESSIONS, {"name": name})).fetchone()
    assert row is not None
    return int(row[0])
