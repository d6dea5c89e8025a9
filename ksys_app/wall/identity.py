"""Finds who sends a request: this machine, a session, a token, or a proxy's user (PRD §31.2)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

from ksys_app.domain.access import clean_name
from ksys_app.edge import DIRECT_HOST, TRUSTED
from ksys_app.errors import AuthRequired, Forbidden
from ksys_app.models.message import Message
from ksys_app.models.visitor import Via, Visitor
from ksys_app.origin import is_loopback, origin
from ksys_app.services.access import Access
from ksys_app.utils.credentials import TOKEN_PREFIX
from ksys_app.wall.answers import Header, header, only_header
from ksys_app.wall.cookies import cookie_name, is_secure, read_secret, set_cookie

# The visitor if KSYS_AUTH is off: somebody at the machine itself.
LOCAL: Final = Visitor("local", "admin", "off", None)
_BEARER: Final = "bearer "
MOST_STARTED: Final = 1000
"""Most clients of a proxy that store no cookie and have a session in this process."""
_Who = tuple[str, str, str]

Found = tuple[Visitor | None, Sequence[Header]]
"""The visitor, None if nobody is logged in; and headers to add to the response."""


class Identity(Protocol):
    """One way to know who sends a request."""

    @property
    def access(self) -> Access | None:
        """Sessions and tokens, None if nobody logs in."""

    async def of(self, scope: Any, before_query: Callable[[], None]) -> Found:
        """Who sends the request.

        Args:
            scope: the request.
            before_query: called before a query for a session or token that this process has not
                seen; raises if the sender may not cause a query.

        Raises:
            Forbidden: this sender may send no request at all.
            AuthRequired: a proxy names a person who is not in the list of users.
            RateLimited: by ``before_query``.
            KsysError: the database does not answer.
        """


class Nobody:
    """``off``: everybody at this machine may do everything, nobody else anything."""

    access = None

    async def of(self, scope: Any, before_query: Callable[[], None]) -> Found:
        """The person at this machine.

        A page of another site whose name leads to this machine is refused. So is a client behind a
        proxy on this machine.
        """
        host, address = header(scope, b"host") or "", address_of(scope)
        for named in {host, scope.get(DIRECT_HOST, host)}:
            served = origin(scope.get("scheme", "http"), named)
            if served is None or not is_loopback(served.host):
                raise Forbidden(Message("errors.only_here"))
        if address and not is_loopback(address):
            raise Forbidden(Message("errors.only_here"))
        return LOCAL, ()


NOBODY: Final = Nobody()


class Local:
    """``local`` and ``oidc``: people with a session, programs with a token.

    Args:
        access: sessions and tokens.
        via: how people log in. Sessions that began with another way to log in are not valid,
            because that way had other rules of who may enter.
    """

    def __init__(self, access: Access, via: Via = "local") -> None:
        self.access, self._via = access, via

    async def of(self, scope: Any, before_query: Callable[[], None]) -> Found:
        """The owner of the session or of the token, else nobody."""
        token = _token(scope)
        if token is not None:
            return await self._program(token, scope, before_query), ()
        name = cookie_name(secure=is_secure(scope), base=scope.get("root_path", ""))
        secret = read_secret(scope["headers"], name)
        visitor = None if secret is None else await self.access.by_cookie(secret, before_query)
        return (visitor if visitor is not None and visitor.via == self._via else None), ()

    async def _program(
        self, token: str, scope: Any, before_query: Callable[[], None]
    ) -> Visitor | None:
        program, address = await self.access.by_token(token, before_query), address_of(scope)
        if address and not is_loopback(address) and not is_secure(scope):
            if program is not None:
                await self.access.record_token_in_plain(program, address)
            raise Forbidden(Message("errors.token_tls"))
        return program


class Proxied:
    """``proxy``: people whom a trusted proxy names in a header; programs with a token.

    Args:
        access: sessions and tokens.
        name: the header with the name of the person.
    """

    def __init__(self, access: Access, name: str) -> None:
        self.access, self._header = access, name.lower().encode("ascii")
        self._local = Local(access, "proxy")
        # Name, address and agent of a client without a cookie, to the key of its session.
        self._started: OrderedDict[_Who, bytes] = OrderedDict()
        self._turns: WeakValueDictionary[_Who, asyncio.Lock] = WeakValueDictionary()

    async def of(self, scope: Any, before_query: Callable[[], None]) -> Found:
        """The named person, with a session of their own, or the owner of the token."""
        visitor, _ = await self._local.of(scope, before_query)
        if _token(scope) is not None:
            return visitor, ()
        named = self._named(scope)
        if not named:
            return None, ()
        if visitor is not None and visitor.name.casefold() == named.casefold():
            return visitor, ()
        if visitor is not None:
            return await self._begin(scope, named, visitor.key)
        return await self._without_cookie(scope, named)

    async def _without_cookie(self, scope: Any, named: str) -> Found:
        """The session of a client that sent no cookie; a new session if it has none yet.

        A program that stores no cookies would begin a session with each request. Therefore the
        session is found by name, address and agent. Concurrent requests wait for the first one.
        """
        who = (named.casefold(), address_of(scope), (header(scope, b"user-agent") or "")[:200])
        turn = self._turns.get(who) or self._turns.setdefault(who, asyncio.Lock())
        async with turn:
            key = self._started.get(who)
            visitor = None if key is None else await self.access.by_key(key)
            if visitor is not None:
                self._started.move_to_end(who)
                return visitor, ()
            result = await self._begin(scope, named, None)
            if result[0] is not None and result[0].key is not None:
                self._started[who] = result[0].key
                self._started.move_to_end(who)
            if len(self._started) > MOST_STARTED:
                self._started.popitem(last=False)
            return result

    def _named(self, scope: Any) -> str | None:
        """The name in the header of a trusted proxy, which writes it as UTF-8."""
        # If the proxy adds its header to one of the browser, the browser could choose the name.
        named = only_header(scope, self._header) if scope.get(TRUSTED) else None
        return named and clean_name(named.encode("latin-1").decode("utf-8", "replace"))

    async def _begin(self, scope: Any, named: str, old: bytes | None) -> Found:
        agent = header(scope, b"user-agent") or ""
        secret = await self.access.begin(named, "proxy", address_of(scope), agent, old)
        visitor = None if secret is None else await self.access.by_cookie(secret)
        if secret is None or visitor is None:
            raise AuthRequired(Message("errors.no_role", {"user": named}))
        cookie = set_cookie(secret, secure=is_secure(scope), base=scope.get("root_path", ""))
        return visitor, [(b"set-cookie", cookie.encode("ascii"))]


def _token(scope: Any) -> str | None:
    """The token of a program. Other texts after ``Bearer`` belong to a proxy and its provider."""
    claim = header(scope, b"authorization") or ""
    sent = claim[len(_BEARER) :].strip()
    ours = claim[: len(_BEARER)].lower() == _BEARER and sent.startswith(TOKEN_PREFIX)
    return sent if ours else None


def address_of(scope: Any) -> str:
    """The address of the browser, empty if it is unknown."""
    return scope["client"][0] if scope.get("client") else ""
