"""Creates, lists and revokes tokens as the owner; each change has its row in the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import class_row

from ksys_app.domain.access import key_of
from ksys_app.errors import ConfigError
from ksys_app.models.access import Role, Token
from ksys_app.ops.access import audit
from ksys_app.ops.access.users import checked_name
from ksys_app.ops.owner import owner
from ksys_app.utils import credentials

# A name can be used again when its token has ended.
CREATE: Final = """
INSERT INTO ksys.token AS t (name, key, role, created_by, expires_at)
VALUES (%(name)s, %(key)s, %(role)s, %(by)s, now() + %(life)s)
ON CONFLICT (name) DO UPDATE
  SET (key, role, created_at, created_by, expires_at, used_at, revoked_at)
    = (excluded.key, excluded.role, now(), excluded.created_by, excluded.expires_at, NULL, NULL)
  WHERE t.revoked_at IS NOT NULL OR t.expires_at <= now()
RETURNING expires_at
"""
REVOKE: Final = """
UPDATE ksys.token SET revoked_at = now()
WHERE name = %(name)s AND revoked_at IS NULL
"""
EXISTS: Final = "SELECT FROM ksys.token WHERE name = %(name)s"
ALL: Final = """
SELECT name, role, created_at, created_by, expires_at, used_at, revoked_at
FROM ksys.token ORDER BY lower(name), name
"""


@dataclass(frozen=True, slots=True)
class Created:
    """A new token: its secret, which cannot be read again, and when it expires."""

    secret: str
    expires_at: datetime


async def create_token(dsn: str, name: str, role: Role, life: timedelta, by: str) -> Created:
    """Create a token.

    Args:
        dsn: the owner's DSN.
        name: name of the token, for example of the program that uses it.
        role: what the program may do.
        life: how long the token is valid.
        by: who creates it (:func:`ksys_app.ops.access.audit.actor`).

    Raises:
        ConfigError: the name cannot be used, or a valid token has it.
        SchemaDrift: the database has no schema ``ksys``.
    """
    name, secret = checked_name(name), credentials.new_token()
    async with owner(dsn) as conn, conn.transaction():
        params = {"name": name, "key": key_of(secret), "role": role, "by": by, "life": life}
        row = await (await conn.execute(CREATE, params)).fetchone()
        if row is None:
            raise ConfigError(
                f"there is a valid token {name!r}; take another name, or first: "
                f"ksys token revoke {name}"
            )
        detail = {"role": role, "expires_at": row[0].isoformat()}
        await audit.note(conn, by, "token_created", name, detail)
    return Created(secret, row[0])


async def revoke(dsn: str, name: str, by: str) -> bool:
    """Revoke a token, so that it is refused from now on; False if it was revoked already.

    Raises:
        ConfigError: there is no such token.
        SchemaDrift: the database has no schema ``ksys``.
    """
    name = checked_name(name)
    async with owner(dsn) as conn, conn.transaction():
        done = await conn.execute(REVOKE, {"name": name})
        if done.rowcount:
            await audit.note(conn, by, "token_revoked", name, {})
        elif not (await conn.execute(EXISTS, {"name": name})).rowcount:
            raise ConfigError(f"there is no token {name!r}; see ksys token list")
    return bool(done.rowcount)


async def tokens(dsn: str) -> list[Token]:
    """All tokens by name, with expired and revoked ones.

    Raises:
        SchemaDrift: the database has no schema ``ksys``.
    """
    async with owner(dsn) as conn, conn.cursor(row_factory=class_row(Token)) as cursor:
        await cursor.execute(ALL)
        return await cursor.fetchall()
