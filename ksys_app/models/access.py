"""Users, sessions, tokens and the audit (PRD §31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["viewer", "operator", "engineer", "admin"]
"""The roles; each role also has the rights of the roles before it."""

Action = Literal[
    "login",
    "logout",
    "login_failed",
    "locked",
    "many_failures",
    "session_revoked",
    "password_rehashed",
    "refused",
    "token_in_plain",
    "user_added",
    "role_changed",
    "password_changed",
    "user_disabled",
    "user_enabled",
    "user_removed",
    "token_created",
    "token_revoked",
    "rule_saved",
    "expression_saved",
    "expression_deleted",
    "view_saved",
    "view_deleted",
    "view_started",
    "annotation_added",
    "annotation_edited",
    "annotation_deleted",
    "audit_pruned",
    "alarm_ack",
    "alarm_unack",
    "alarm_shelve",
    "alarm_unshelve",
    "alarm_oos_in",
    "alarm_oos_out",
    "alarm_reset",
    "alarm_assign",
]
"""The actions that the audit records."""


@dataclass(frozen=True, slots=True)
class User:
    """A person in the list of users.

    Attributes:
        name: the name, with the upper and lower case in which it was entered.
        role: the person's role.
        disabled: whether the person may not log in.
        external: whether a proxy or an identity provider identifies the person, so that the list
            has no password.
        created_at: when the person was added.
        changed_at: the last change of role, password or state.
    """

    name: str
    role: Role
    disabled: bool
    external: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in.

    Attributes:
        user: name of the person.
        role: the person's role.
        via: how the person was identified: ``local``, ``proxy`` or ``oidc``.
        created_at: when the person logged in.
        seen_at: the last use, to the minute.
        expires_at: the end of the session, even if it is in use.
        address: the address from which the person logged in.
        agent: the user agent of the browser.
        id: the first 12 hexadecimal digits of the session's key, for lists and for ending it.
    """

    user: str
    role: Role
    via: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    id: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a program.

    Attributes:
        name: name of the token.
        role: what the program may do.
        created_at: when it was created.
        created_by: who created it.
        expires_at: when it expires.
        used_at: the last use, to the minute; None if it was never used.
        revoked_at: when it was revoked; None if it was not.
    """

    name: str
    role: Role
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of the audit: an action or an attempt.

    Attributes:
        id: number of the row, ascending.
        at: the database's time.
        actor: who did it; empty if unknown.
        via: how the actor was identified: ``local``, ``proxy``, ``oidc``, ``token`` or ``command``.
        action: an :data:`Action`; a newer version may have written an action that is not in it.
        subject: the object of the action, e.g. the name of a user.
        detail: more about the action.
        address: the address of the actor, empty for a command.
    """

    id: int
    at: datetime
    actor: str
    via: str
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The answer of the database to an attempt to log in.

    Attributes:
        password: the hash of the user's password. None if the user is unknown, disabled or has no
            password, or if the caller has to wait.
        role: the user's role, None if ``password`` is None.
        wait_s: seconds until the next attempt is allowed; above 0, this attempt is refused.
    """

    password: str | None
    role: Role | None
    wait_s: float
