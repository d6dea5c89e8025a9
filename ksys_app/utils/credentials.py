"""Creates secrets, hashes and checks passwords; the event loop does not wait (PRD §31.2).

Argon2id with the parameters that OWASP recommends: 19 MiB, two passes, one lane. At most two
passwords are hashed at a time, in threads. Further logins wait for their turn, so that they cannot
use up the memory and the processor.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

AT_ONCE: Final = 2
TOKEN_PREFIX: Final = "ksys_"  # noqa: S105 - tells scanners of source code what a token looks like

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of a password that nobody knows; checking it takes as long as checking any other.
_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$cM1luORSF8EE5giFzFLHRw"
    "$3whHYliiZvPrO2Bnjwjo+g/N0l8Ffj+M76IVUfiwj/g"
)
_THREADS: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")


def new_secret() -> str:
    """The secret of a new session: 32 random bytes, as text for a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """The secret of a new token: ``ksys_`` and 32 random bytes as text."""
    return f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}"


async def hash_password(password: str) -> str:
    """The hash of a new password."""
    return await run_in_turn(lambda: _HASHER.hash(_bytes(password)))


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether ``stored`` is a hash of the password.

    Without a hash the result is False. The work is the same, so that the time of the answer does
    not show whether the user exists.
    """
    return await run_in_turn(lambda: _verify(stored or _NOBODY, password)) and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash has other parameters than a new hash would have."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    # Keyboards may send the same letters as different code points.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


async def run_in_turn(work: Callable[[], T]) -> T:
    """The result of slow ``work``, which runs in one of ``AT_ONCE`` threads."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
