"""Sessions and tokens, read from the database (PRD §31.2)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Final, cast
from urllib.parse import quote

from ksys_app.db import Database
from ksys_app.domain.access import IDLE, clean_name, key_of, name_problem
from ksys_app.errors import AWAY, AuthRequired, KsysError
from ksys_app.models.access import Action, AuditRow, Role, Session, Token
from ksys_app.models.message import Message
from ksys_app.models.visitor import Via, Visitor
from ksys_app.services import passwords
from ksys_app.services.remembered import CHECK_S, Outage, Remembered
from ksys_app.store import access as store
from ksys_app.utils import credentials
from ksys_app.utils.pace import Pace

MOST_REFUSALS: Final = 20
"""Most refusals of one visitor that are recorded in a minute, because audit rows stay for good."""


def _any() -> None:
    """Everybody may cause a query."""


class Access:
    """Sessions and tokens of one process.

    Args:
        database: the operator's database.
        clock: monotonic clock, seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._outage = Outage(clock)
        self._sessions = Remembered[Session](
            partial(store.session, database),
            # The query has just stored the time of use, to the minute.
            lambda session: session.expires_at - session.seen_at,
            self._outage,
            IDLE,
        )
        self._tokens = Remembered[Token](
            partial(store.token, database),
            lambda token: token.expires_at - (token.used_at or token.created_at),
            self._outage,
        )
        self._open: Counter[bytes] = Counter()
        self._ended: dict[bytes, asyncio.Event] = {}
        self._checker: asyncio.Task[None] | None = None
        self._refusals: dict[tuple[str, str], Pace] = {}

    async def by_cookie(
        self, secret: str, before_query: Callable[[], None] = _any
    ) -> Visitor | None:
        """The person of a session's cookie, None if the session has ended.

        Args:
            secret: the secret in the cookie.
            before_query: called before a query for a session that this process has not seen.

        Raises:
            KsysError: the database does not answer, and this process does not remember the session.
        """
        return await self.by_key(key_of(secret), before_query)

    async def by_key(self, key: bytes, before_query: Callable[[], None] = _any) -> Visitor | None:
        """The person of a session, None if it has ended; see :meth:`by_cookie`."""
        session = await self._sessions.get(key, before_query)
        if session is None:
            return None
        return Visitor(session.user, session.role, cast(Via, session.via), key)

    async def by_token(
        self, secret: str, before_query: Callable[[], None] = _any
    ) -> Visitor | None:
        """The program of a bearer token, None if it is unknown, expired or revoked.

        Args:
            secret: the token.
            before_query: called before a query for a token that this process has not seen.

        Raises:
            KsysError: the database does not answer, and this process does not remember the token.
        """
        token = await self._tokens.get(key_of(secret), before_query)
        return None if token is None else Visitor(token.name, token.role, "token", None)

    @asynccontextmanager
    async def watching(self, key: bytes) -> AsyncIterator[asyncio.Event]:
        """An event that is set within ``CHECK_S`` seconds after the session has ended."""
        ended = self._ended.setdefault(key, asyncio.Event())
        self._open[key] += 1
        if self._checker is None or self._checker.done():
            self._checker = asyncio.create_task(self._check(), name="sessions")
        try:
            yield ended
        finally:
            self._open[key] -= 1
            if self._open[key] <= 0:
                del self._open[key]
                self._ended.pop(key, None)

    async def _check(self) -> None:
        """Look for ended sessions of open websockets: one query for all of them."""
        while self._open:
            await asyncio.sleep(CHECK_S)
            keys = list(self._open)
            try:
                active = set(await store.active_keys(self._database, keys))
            except AWAY:  # nobody can end a session now
                self._outage.failed()
                continue
            except KsysError:
                continue
            self._outage.over()
            for key in keys:
                if key in active:
                    self._sessions.confirm(key)
                else:
                    self._end(key)

    def _end(self, key: bytes) -> None:
        self._sessions.drop(key)
        if (ended := self._ended.get(key)) is not None:
            ended.set()

    async def log_in(
        self, user: str, password: str, address: str, agent: str, old: bytes | None
    ) -> str:
        """Begin a session of a local user.

        Args:
            user: name of a local user.
            password: the password as typed.
            address: address of the browser.
            agent: what the browser calls itself.
            old: key of the session that this browser had. It ends.

        Returns:
            The secret of the cookie of the session.

        Raises:
            AuthRequired: no such user, a wrong password, or a disabled user; the same message for
                all three.
            RateLimited: too many failures of this user or from this address.
            KsysError: the database does not answer.
        """
        wrong = AuthRequired(Message("errors.login_wrong"))
        if name_problem(clean_name(user)) is not None:
            raise wrong
        stored = await passwords.check_password(self._database, user, password, address, wrong)
        secret = await self.begin(user, "local", address, agent, old)
        if secret is None:
            raise wrong
        if credentials.is_outdated(stored):
            newer = await credentials.hash_password(password)
            await store.rehash(self._database, user, stored, newer)
        return secret

    async def change_password(
        self, user: str, old: str, new: str, address: str, agent: str, key: bytes
    ) -> str:
        """Give a local user a new password; all sessions of the user end.

        Args:
            user: name of the user.
            old: the old password as typed.
            new: the new password as typed.
            address: address of the browser.
            agent: what the browser calls itself.
            key: key of the browser's session.

        Returns:
            The secret of the cookie of a new session for this browser.

        Raises:
            BadParameter: the new password cannot be used.
            Forbidden: the old password is wrong.
            RateLimited: too many failures of this user or from this address.
            KsysError: the database does not answer.
        """
        secret, session = await passwords.change_password(
            self._database, user, old, new, address, agent, key
        )
        self._end(key)
        self._sessions.put(key_of(secret), session)
        return secret

    async def begin(
        self,
        user: str,
        via: Via,
        address: str,
        agent: str,
        old: bytes | None,
        role: Role | None = None,
    ) -> str | None:
        """A session of a person whose identity is proven.

        Args:
            user: name of the person.
            via: how the identity was proven.
            address: address of the browser.
            agent: what the browser calls itself.
            old: key of the session that this browser had. It ends.
            role: the role that a provider gives the person; None: the list of users gives it.

        Returns:
            The secret of the cookie. None: the person is disabled, or has no role, because ``role``
            is None and the list of users does not have the person.
        """
        secret = credentials.new_secret()
        key = key_of(secret)
        session = await store.start_session(
            self._database, key, user, role, via, address, agent, old
        )
        if old is not None:
            self._end(old)
        if session is None:
            return None
        self._sessions.put(key, session)
        return secret

    async def log_out(self, key: bytes) -> None:
        """End a session; its websockets close."""
        await store.end_session(self._database, key, "logout")
        self._end(key)

    async def record_refusal(self, visitor: Visitor, needed: Role, path: str, address: str) -> None:
        """Record that a visitor lacks the role ``needed``; at most ``MOST_REFUSALS`` a minute.

        The method never raises: the visitor is refused also while the database is away.
        """
        # A terminal that shows the audit must not obey what somebody wrote into a path.
        subject = quote(path)[:200]
        detail = {"role": visitor.role, "needed": needed}
        await self._note(visitor.name, visitor.via, "refused", subject, detail, address)

    async def record_token_in_plain(self, program: Visitor, address: str) -> None:
        """Record that a token was sent without TLS; never raises."""
        await self._note(program.name, "token", "token_in_plain", program.name, {}, address)

    async def record_failed_login(
        self, via: Via, user: str, detail: Mapping[str, str], address: str
    ) -> None:
        """Record a login that failed for another reason than its password; never raises.

        Args:
            via: how the person wanted to log in.
            user: name of the person, empty if it is not proven.
            detail: why it failed.
            address: address of the browser.
        """
        await self._note("", via, "login_failed", user, detail, address)

    async def _note(
        self,
        actor: str,
        via: Via,
        action: Action,
        subject: str,
        detail: Mapping[str, str],
        address: str,
    ) -> None:
        """Record an event that anybody can cause; limited per actor to protect the audit."""
        if not self._refusals.setdefault((via, actor), Pace(MOST_REFUSALS)).passes():
            return
        with suppress(KsysError):
            await store.note(self._database, actor, via, action, subject, detail, address)

    async def sessions(self) -> list[Session]:
        """The sessions that have not ended, the last used one first."""
        return await store.sessions(self._database)

    async def revoke(self, session_id: str, actor: Visitor, address: str) -> int:
        """End a session; returns how many ended, 0 or 1. Its websockets close within seconds."""
        return await store.revoke(self._database, session_id, actor.name, address, actor.via)

    async def audit(
        self, since: datetime | None, until: datetime | None, before: int | None, limit: int
    ) -> list[AuditRow]:
        """The rows of the audit, newest first."""
        return await store.audit(self._database, since, until, before, limit)

    async def close(self) -> None:
        """Stop looking for ended sessions."""
        if self._checker is not None:
            self._checker.cancel()
            await asyncio.gather(self._checker, return_exceptions=True)
