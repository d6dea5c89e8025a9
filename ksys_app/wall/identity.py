"""Who sends a request: by the machine, by a session, by a token, or by a proxy (PRD §31.2)."""

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

# Who asks where KSYS_AUTH is off: somebody at the machine itself.
LOCAL: Final = Visitor("local", "admin", "off", None)
_BEARER: Final = "bearer "
MOST_BEGUN: Final = 1000
"""So many clients of a proxy that keep no cookie have a session each."""
_Who = tuple[str, str, str]

Found = tuple[Visitor | None, Sequence[Header]]
"""The visitor, None if nobody is known; and headers to add to the response."""


class Identity(Protocol):
    """One way to know who sends a request."""

    @property
    def access(self) -> Access | None:
        """Sessions and tokens, None where nobody logs in."""

    async def of(self, scope: Any, fresh: Callable[[], None]) -> Found:
        """Who sends the request.

        Args:
            scope: the request.
            fresh: called before a look-up of somebody whom this process has not seen yet; raises
                if the sender may not cause one.

        Raises:
            Forbidden: this sender may not ask at all.
            AuthRequired: a proxy names a person who is not in the list of users.
            RateLimited: by ``fresh``.
            KsysError: the database does not answer.
        """


class Nobody:
    """``off``: everybody at this machine may do everything, nobody else anything."""

    access = None

    async def of(self, scope: Any, fresh: Callable[[], None]) -> Found:
        """The person at this machine.

        Neither a page of another site that has a name for this machine, nor somebody behind a proxy
        at this machine, is let in.
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
        via: how people log in. A session that began in another way does not count, because who may
            enter was somebody else's decision.
    """

    def __init__(self, access: Access, via: Via = "local") -> None:
        self.access, self._via = access, via

    async def of(self, scope: Any, fresh: Callable[[], None]) -> Found:
        """The owner of the session or of the token, else nobody."""
        token = _token(scope)
        if token is not None:
            return await self._program(token, scope, fresh), ()
        name = cookie_name(secure=is_secure(scope), base=scope.get("root_path", ""))
        secret = read_secret(scope["headers"], name)
        found = None if secret is None else await self.access.by_cookie(secret, fresh)
        return (found if found is not None and found.via == self._via else None), ()

    async def _program(self, token: str, scope: Any, fresh: Callable[[], None]) -> Visitor | None:
        program, address = await self.access.by_token(token, fresh), address_of(scope)
        if address and not is_loopback(address) and not is_secure(scope):
            if program is not None:
                await self.access.token_in_plain(program, address)
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
        # The session that somebody without a cookie began: by name, address and agent.
        self._begun: OrderedDict[_Who, bytes] = OrderedDict()
        self._turns: WeakValueDictionary[_Who, asyncio.Lock] = WeakValueDictionary()

    async def of(self, scope: Any, fresh: Callable[[], None]) -> Found:
        """The named person, with a session of their own, or the owner of the token."""
        known, _ = await self._local.of(scope, fresh)
        if _token(scope) is not None:
            return known, ()
        named = self._named(scope)
        if not named:
            return None, ()
        if known is not None and known.name.casefold() == named.casefold():
            return known, ()
        if known is not None:
            return await self._begin(scope, named, known.key)
        return await self._again(scope, named)

    async def _again(self, scope: Any, named: str) -> Found:
        """The session of a client without a cookie; it keeps none, or its first request is new.

        A program that keeps no cookie would begin a session with each request. What it began here
        counts for its name, address and agent; its requests at the same time wait for the first.
        """
        who = (named.casefold(), address_of(scope), (header(scope, b"user-agent") or "")[:200])
        turn = self._turns.get(who) or self._turns.setdefault(who, asyncio.Lock())
        async with turn:
            key = self._begun.get(who)
            visitor = None if key is None else await self.access.by_key(key)
            if visitor is not None:
                self._begun.move_to_end(who)
                return visitor, ()
            found = await self._begin(scope, named, None)
            if found[0] is not None and found[0].key is not None:
                self._begun[who] = found[0].key
                self._begun.move_to_end(who)
            if len(self._begun) > MOST_BEGUN:
                self._begun.popitem(last=False)
            return found

    def _named(self, scope: Any) -> str | None:
        """The name in the header of a trusted proxy, which writes it as UTF-8."""
        # A proxy that adds the header to one of the browser lets the browser choose a name.
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
    """The token of a program. Other texts after ``Bearer`` are of a proxy and its provider."""
    claim = header(scope, b"authorization") or ""
    sent = claim[len(_BEARER) :].strip()
    ours = claim[: len(_BEARER)].lower() == _BEARER and sent.startswith(TOKEN_PREFIX)
    return sent if ours else None


def address_of(scope: Any) -> str:
    """The address of the browser, as far as it is known."""
    return scope["client"][0] if scope.get("client") else ""
