"""The cookie of a session (PRD §31.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import cookie_parser

from ksys_app.domain.access import ABSOLUTE

_SECRET: Final = re.compile(r"[0-9A-Za-z_-]{43}")


def cookie_name(*, secure: bool, base: str) -> str:
    """The name of the cookie. Two apps on one host under different base paths have different ones.

    Args:
        secure: whether the app is served over TLS. Then browsers hold the cookie to the rules of
            ``__Host-``: no other host can set it.
        base: the base path, empty for the root.
    """
    name = "ksys" + re.sub(r"[^0-9A-Za-z]+", "-", base)
    return f"__Host-{name}" if secure else name


def set_cookie(secret: str, *, secure: bool, base: str) -> str:
    """The value of ``Set-Cookie`` for a new session."""
    age = int(ABSOLUTE.total_seconds())
    return _cookie(secret, age, secure=secure, base=base)


def drop_cookie(*, secure: bool, base: str) -> str:
    """The value of ``Set-Cookie`` that deletes the cookie."""
    return _cookie("", 0, secure=secure, base=base)


def _cookie(value: str, age_s: int, *, secure: bool, base: str) -> str:
    name = cookie_name(secure=secure, base=base)
    rest = "; Secure" if secure else ""
    return f"{name}={value}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Lax{rest}"


def read_secret(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The secret in the cookie ``name``, None without a valid one."""
    for header, value in headers:
        if header.lower() == b"cookie":
            found = cookie_parser(value.decode("latin-1")).get(name, "")
            if _SECRET.fullmatch(found):
                return found
    return None


def is_secure(scope: Any) -> bool:
    """Whether the browser reached the app over TLS."""
    return scope.get("scheme") in ("https", "wss")
