"""The cookies of a session and of a login at the identity provider (PRD §31.2, §31.9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.requests import cookie_parser

from ksys_app.domain.access import ABSOLUTE

LOGIN_S: Final = 600
"""Longest time that a browser may spend at the identity provider, seconds."""
LOGIN: Final = "-login"
# Browsers limit a cookie to 4,096 bytes.
MOST_AFTER: Final = 3000
_SECRET: Final = re.compile(r"[0-9A-Za-z_-]{43}")


def cookie_name(*, secure: bool, base: str) -> str:
    """The name of the cookie. Apps with different base paths on one host have different names.

    Args:
        secure: whether the app is served over TLS. Then the name begins with ``__Host-``, and
            browsers let no other host set the cookie.
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


def set_login_cookie(secret: str, language: str, after: str, *, secure: bool, base: str) -> str:
    """The value of ``Set-Cookie`` for a browser that goes to the identity provider.

    Args:
        secret: the secret of this login.
        language: the language of the page.
        after: the path to open after the login.
        secure: see :func:`cookie_name`.
        base: the base path.
    """
    rest = quote(after, safe="")
    value = f"{secret}.{language}.{rest if len(rest) <= MOST_AFTER else ''}"
    return _cookie(value, LOGIN_S, secure=secure, base=base, purpose=LOGIN)


def drop_login_cookie(*, secure: bool, base: str) -> str:
    """The value of ``Set-Cookie`` that deletes the cookie of :func:`set_login_cookie`."""
    return _cookie("", 0, secure=secure, base=base, purpose=LOGIN)


def read_login_cookie(
    headers: Iterable[tuple[bytes, bytes]], *, secure: bool, base: str
) -> tuple[str | None, str, str]:
    """Secret, language and next path from the cookie of :func:`set_login_cookie`.

    Without a valid cookie the secret is None, and the other two are empty.
    """
    value = _read(headers, cookie_name(secure=secure, base=base) + LOGIN)
    secret, _, rest = value.partition(".")
    language, _, after = rest.partition(".")
    return (secret, language, unquote(after)) if _SECRET.fullmatch(secret) else (None, "", "")


def _cookie(value: str, age_s: int, *, secure: bool, base: str, purpose: str = "") -> str:
    name = cookie_name(secure=secure, base=base) + purpose
    rest = "; Secure" if secure else ""
    return f"{name}={value}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Lax{rest}"


def read_secret(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The secret in the cookie ``name``, None if there is no valid one."""
    secret = _read(headers, name)
    return secret if _SECRET.fullmatch(secret) else None


def _read(headers: Iterable[tuple[bytes, bytes]], name: str) -> str:
    """The first value of the cookie ``name``, empty if there is none."""
    for header, value in headers:
        if header.lower() == b"cookie":
            secret = cookie_parser(value.decode("latin-1")).get(name, "")
            if secret:
                return secret
    return ""


def is_secure(scope: Any) -> bool:
    """Whether the browser reached the app over TLS."""
    return scope.get("scheme") in ("https", "wss")
