"""Who sends a request: by the machine, by a session, by a token, or by a proxy (PRD §31.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from ksys_app.edge import TRUSTED
from ksys_app.errors import Forbidden
from ksys_app.models.message import Message
from ksys_app.models.visitor import Visitor
from ksys_app.origin import is_loopback, origin
from ksys_app.services.access import Access
from ksys_app.wall.answers import Header, header, only_header
from ksys_app.wall.cookies import cookie_name, is_secure, read_secret, set_cookie

# Who asks where KSYS_AUTH is off: somebody at the machine itself.
LOCAL: Final = Visitor("local", "admin", "off", None)
_BEARER: Final = "bearer "

Found = tuple[Visitor | None, Sequence[Header]]
"""The visitor, None if nobody is known; and headers to add to the response."""


class Identity(Protocol):
    """One way to know who sends a request."""

    @property
    def access(self) -> Access | None:
        """Sessions and tokens, None where nobody logs in."""

    async def of(self, scope: Any) -> Found:
        """Who sends the request.

        Raises:
            Forbidden: this sender may not ask at all.
            KsysError: the database does not answer.
        """


class Nobody:
    """``off``: everybody at this machine may do everything, nobody else anything."""

    access = None

    async def of(self, scope: Any) -> Found:
        """The person at this machine."""
        served = origin(scope.get("scheme", "http"), header(scope, b"host") or "")
        if served is None or not is_loopback(served.host):
            raise Forbidden(Message("errors.only_here"))
        return LOCAL, ()


NOBODY: Final = Nobody()


class Local:
    """``local``: people with a session, programs with a token."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def of(self, scope: Any) -> Found:
        """The owner of the session or of the token, else nobody."""
        claim = header(scope, b"authorization") or ""
        if claim[: len(_BEARER)].lower() == _BEARER:
            return await self.access.by_token(claim[len(_BEARER) :].strip()), ()
        name = cookie_name(secure=is_secure(scope), base=scope.get("root_path", ""))
        secret = read_secret(scope["headers"], name)
        return (None if secret is None else await self.access.by_cookie(secret)), ()


class Proxied:
    """``proxy``: people whom a trusted proxy names in a header; programs with a token.

    Args:
        access: sessions and tokens.
        name: the header with the name of the person.
    """

    def __init__(self, access: Access, name: str) -> None:
        self.access, self._header = access, name.lower().encode("ascii")
        self._local = Local(access)

    async def of(self, scope: Any) -> Found:
        """The named person, with a session of their own, or the owner of the token."""
        known, _ = await self._local.of(scope)
        if known is not None and known.via == "token":
            return known, ()
        # A proxy that adds the header to one of the browser lets the browser choose a name.
        named = only_header(scope, self._header) if scope.get(TRUSTED) else None
        if not named:
            return None, ()
        if known is not None and known.name.casefold() == named.casefold():
            return known, ()
        return await self._begin(scope, named, None if known is None else known.key)

    async def _begin(self, scope: Any, named: str, old: bytes | None) -> Found:
        agent = header(scope, b"user-agent") or ""
        secret = await self.access.begin(named, "proxy", address_of(scope), agent, old)
        visitor = None if secret is None else await self.access.by_cookie(secret)
        if secret is None or visitor is None:
            raise Forbidden(Message("errors.no_role", {"user": named}))
        cookie = set_cookie(secret, secure=is_secure(scope), base=scope.get("root_path", ""))
        return visitor, [(b"set-cookie", cookie.encode("ascii"))]


def address_of(scope: Any) -> str:
    """The address of the browser, as far as it is known."""
    return scope["client"][0] if scope.get("client") else ""
