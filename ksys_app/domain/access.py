"""Rules of access: roles, the life of sessions and tokens, passwords, names, waits (PRD §31)."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, get_args

from ksys_app.models.access import Role, User
from ksys_app.models.message import Message

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""The roles, ascending."""
IDLE: Final = timedelta(hours=12)
"""A session without a request for this time, a shift, has ended."""
ABSOLUTE: Final = timedelta(days=7)
"""A session ends after this time even if it is in use."""
TOKEN_LIFE: Final = timedelta(days=90)
"""How long a token is valid, unless the user who creates it sets another time."""

AUDIT_RETENTION: Final = timedelta(days=30)
"""Rows of the audit that are newer than this are never removed."""
MAX_LIFE: Final = timedelta(days=731)
_LIFE: Final = re.compile(r"([0-9]{1,5}) *([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

WAITS: Final = (0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 900.0)
"""Seconds to wait after 0, 1, 2, … failures before the next attempt; the last also after more."""
LOCKS_AFTER: Final = len(WAITS) - 1
"""Number of failures that locks a user."""
FORGET: Final = timedelta(minutes=15)
"""The failures of a user are forgotten this long after the last failure."""
ADDRESS_FAILURES: Final = 100
"""Failures that an address may have before it waits; a whole control room can share an address."""
ADDRESS_FORGET: Final = timedelta(seconds=15)
"""One failure of an address is forgotten in each such interval. So an address can guess 240 times
an hour: in a year 2 % of ``MIN_GUESSES``, for all users together."""
ADDRESS_MANY: Final = 50
"""The audit records an address when it has this many failures."""

MIN_PASSWORD: Final = 12
MAX_PASSWORD_BYTES: Final = 1024
MIN_GUESSES: Final = 1e8
"""A password that zxcvbn finds with fewer guesses is easy, such as a common one or a variant."""
JUDGED_CHARS: Final = 72
"""How many characters of a password zxcvbn judges; more take long and change the result little."""
# A pattern of zxcvbn to the key of its text.
_EASY: Final = {
    "dictionary": "access.easy_word",
    "spatial": "access.easy_keys",
    "repeat": "access.easy_repeat",
    "sequence": "access.easy_row",
    "date": "access.easy_date",
    "regex": "access.easy_date",
}
_LISTS: Final = {"passwords": "access.easy_common", "user_inputs": "access.easy_own"}
MAX_NAME: Final = 64


def may(role: Role, needed: Role) -> bool:
    """Whether ``role`` includes the rights of the role ``needed``."""
    return ROLES.index(role) >= ROLES.index(needed)


def is_last_admin(users: Iterable[User], name: str) -> bool:
    """Whether ``name`` is an admin who may log in, and no other user is one."""
    admins = {user.name for user in users if user.role == "admin" and not user.disabled}
    return admins == {name}


def life(text: str) -> timedelta | None:
    """Parse the life of a token, such as ``90d``, ``12h`` or ``26w``.

    Returns:
        The life, from an hour to two years; None for any other text.
    """
    found = _LIFE.fullmatch(text.strip().lower())
    if found is None:
        return None
    span = int(found[1]) * _UNITS[found[2]]
    return span if timedelta(hours=1) <= span <= MAX_LIFE else None


def wait_s(failures: int, since_s: float) -> float:
    """Seconds that the next attempt to log in as a user has to wait.

    ``ksys.attempt`` in the database applies :data:`WAITS` in the same way, for all processes.

    Args:
        failures: failed attempts of the user.
        since_s: seconds since the last of them.
    """
    if since_s >= FORGET.total_seconds():
        return 0.0
    return max(0.0, WAITS[min(failures, LOCKS_AFTER)] - max(0.0, since_s))


def address_wait_s(failures: int, since_s: float) -> float:
    """Seconds that the next attempt from an address has to wait.

    ``ksys.attempt`` in the database applies the same rule, for all processes.

    Args:
        failures: failures of the address that were not yet forgotten at its last failure.
        since_s: seconds since the last failure.
    """
    left = failures * ADDRESS_FORGET - timedelta(seconds=max(0.0, since_s))
    return max(0.0, (left - (ADDRESS_FAILURES - 1) * ADDRESS_FORGET).total_seconds())


def failure_network(address: str) -> str:
    """The address or network whose failures are counted together.

    A provider gives each customer 2**64 IPv6 addresses, so a /64 network counts as one address.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def key_of(secret: str) -> bytes:
    """The SHA-256 of the secret of a session or token. The database stores only this hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def clean_name(name: str) -> str:
    """The name of a user or a token in one spelling: composed, without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def name_problem(name: str) -> Message | None:
    """Why a user or a token cannot have this name, None for a good name.

    Args:
        name: a name from :func:`clean_name`.
    """
    if not 1 <= len(name) <= MAX_NAME:
        return Message("access.name_length", {"most": MAX_NAME})
    if not name.isprintable():
        return Message("access.name_hidden")
    return None


def password_problem(password: str, name: str = "") -> Message | None:
    """Why a password cannot be used, None for a good one.

    A good password is long and hard to guess. There are no rules about which kinds of characters
    it has, because such rules do not help (NIST SP 800-63B).

    Args:
        password: the password.
        name: the name of the user.
    """
    if len(password) < MIN_PASSWORD:
        return Message("access.password_short", {"least": MIN_PASSWORD})
    if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES:
        return Message("access.password_long", {"most": MAX_PASSWORD_BYTES})
    return _easy(password, name)


def _easy(password: str, name: str) -> Message | None:
    """Why a password is easy to guess from common passwords, names and words; None if it is not."""
    # Import here: only setting a password needs the word lists.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]

    found = zxcvbn(password[:JUDGED_CHARS], user_inputs=[name, "ksys", "dashboard"])
    if found["guesses"] >= MIN_GUESSES:
        return None
    weak_parts = [part for part in found["sequence"] if part["pattern"] in _EASY]
    longest = max(
        weak_parts, key=lambda part: len(part["token"]), default={"pattern": "dictionary"}
    )
    why = _EASY[longest["pattern"]]
    if longest["pattern"] == "dictionary":
        why = _LISTS.get(longest.get("dictionary_name", ""), "access.easy_word")
    return Message("access.password_easy", {"why": Message(why)})
