"""Checks values of settings; each function returns the value, or raises ValueError.

The message of the error says what is wrong.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ksys_app.base_path import base_of
from ksys_app.domain.shifts import parse_shifts
from ksys_app.domain.sign_in import roles_of
from ksys_app.origin import is_loopback, networks, origin

# The text in .env.example that stands for a password.
FILL_IN: Final = "PASSWORD"
EXAMPLE_DSN: Final = f"postgresql://eco_ro:{FILL_IN}@db.plant:5432/EcoAnP?sslmode=verify-full"
ENCODED: Final = "a sign like @ / # ? % in its user or password is written as %40 %2F %23 %3F %25"
WAYS: Final = ("off", "local", "proxy", "oidc")
EXAMPLE_ISSUER: Final = "https://login.plant.example/realms/plant"


def _is_cut(text: str) -> bool:
    """Whether a URL has an unescaped ``@`` or ``/`` in its password and is split there."""
    scheme, mark, rest = text.partition("://")
    if not mark or not scheme.startswith("postgres"):
        return False
    # The driver splits a URL in this way: the user ends at the first @ if no / comes before it.
    before, at, after = rest.partition("@")
    behind = after if at and "/" not in before else rest
    return "@" in behind.partition("?")[0]


def dsn(value: str | None) -> str | None:
    """The DSN of a database."""
    if not value:
        return None
    if _is_cut(value):
        raise ValueError(f"is cut in the wrong place: {ENCODED}")
    try:
        parts = conninfo_to_dict(value)
    except psycopg.ProgrammingError:
        # The driver's message would quote the DSN and its password.
        raise ValueError(f"is not a PostgreSQL DSN, e.g. {EXAMPLE_DSN} ({ENCODED})") from None
    if not parts.get("host") and not parts.get("hostaddr") and not parts.get("service"):
        raise ValueError(f"names no host, e.g. {EXAMPLE_DSN}")
    return value


def zone(value: str) -> str:
    """The name of a time zone."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not a time zone, e.g. Asia/Seoul") from error
    return value


def proxies(value: str) -> str:
    """Addresses and networks."""
    try:
        networks(value)
    except ValueError as error:
        raise ValueError(
            f"names no addresses or networks ({error}), e.g. 127.0.0.1,10.20.0.0/24, or none"
        ) from None
    return value


def base_path(value: str) -> str:
    """A path that the app may be served under."""
    base_of(value)
    return value


def auth(value: str) -> str:
    """A way to identify people."""
    if value not in WAYS:
        raise ValueError(
            f"{value!r} is not a way to identify people; take local (names and passwords in the "
            "database), proxy (a header of a trusted proxy), oidc (an identity provider) or off "
            "(nobody logs in; loopback only)"
        )
    return value


def issuer(value: str | None) -> str | None:
    """The address of an identity provider."""
    if value is None:
        return None
    parts = urlsplit(value)
    served = origin(parts.scheme, parts.netloc)
    if served is None or parts.query or parts.fragment or parts.scheme not in ("http", "https"):
        raise ValueError(f"is not the address of an identity provider, e.g. {EXAMPLE_ISSUER}")
    if served.scheme != "https" and not is_loopback(served.host):
        raise ValueError(f"needs https, e.g. {EXAMPLE_ISSUER}")
    return value


def scopes(value: str) -> str:
    """Scopes, separated by blanks."""
    if "openid" not in value.split():
        raise ValueError("lacks openid, e.g. openid profile groups")
    return value


def roles(value: str | None) -> str | None:
    """The role for each value of a claim."""
    if value is not None:
        roles_of(value)
    return value


def shifts(value: str | None) -> str | None:
    """The shifts of a day."""
    if value is not None:
        parse_shifts(value)
    return value
