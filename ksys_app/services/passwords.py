"""Checks and changes passwords of local users; after a failure a user has to wait (PRD §31.2)."""

from __future__ import annotations

import math
from functools import partial

from ksys_app.db import Database
from ksys_app.domain.access import key_of, password_problem
from ksys_app.errors import BadParameter, Forbidden, KsysError, RateLimited
from ksys_app.models.access import Session
from ksys_app.models.message import Message
from ksys_app.store import access as store
from ksys_app.utils import credentials


async def check_password(
    database: Database, user: str, password: str, address: str, wrong: KsysError
) -> str:
    """The hash of a user's password, if the typed one is right.

    Raises:
        RateLimited: too many failures of this user or from this address.
        KsysError: ``wrong``, or the database does not answer.
    """
    attempt = await store.attempt(database, user, address)
    if attempt.wait_s > 0:
        raise RateLimited(_wait(attempt.wait_s), attempt.wait_s)
    matches = await credentials.verify_password(attempt.password, password)
    if not matches or attempt.password is None:
        await store.record_failure(database, user, address, "password")
        raise wrong
    return attempt.password


async def change_password(
    database: Database, user: str, old: str, new: str, address: str, agent: str, key: bytes
) -> tuple[str, Session]:
    """Give a user a new password, and begin a session; see ``Access.change_password``.

    Returns:
        The secret of the session's cookie, and the session.
    """
    # In a thread, because the word lists take long to load.
    problem = await credentials.run_in_turn(partial(password_problem, new, user))
    if problem is not None:
        raise BadParameter(problem)
    wrong = Forbidden(Message("errors.password_wrong"))
    stored = await check_password(database, user, old, address, wrong)
    secret, hashed = credentials.new_secret(), await credentials.hash_password(new)
    session = await store.change_password(
        database, key_of(secret), user, stored, hashed, address, agent, key
    )
    if session is None:
        raise wrong
    return secret, session


def _wait(seconds: float) -> Message:
    """The message that says when the next attempt is possible: in seconds or in minutes."""
    if seconds > 60.0:
        return Message("errors.login_locked", {"min": f"{math.ceil(seconds / 60.0)}"})
    return Message("errors.login_wait", {"s": f"{math.ceil(seconds)}"})
