"""Response shapes of the endpoints about users and their sessions."""

from __future__ import annotations

from typing import Any, Literal

from ksys_app.api.schemas import Count, Exact, Moment
from ksys_app.models.access import Role
from ksys_app.models.visitor import Via


class Me(Exact):
    """The caller: name, role, and how the caller logged in."""

    user: str
    role: Role
    via: Via


class AuditEntry(Exact):
    """Who did what, when, from which address."""

    id: Count
    at: Moment
    actor: str
    via: str
    action: str
    subject: str
    detail: dict[str, Any]
    address: str


class AuditPage(Exact):
    """Entries, newest first; ``next`` is the value of ``before`` for older ones."""

    rows: list[AuditEntry]
    next: Count | None


class OpenSession(Exact):
    """A session that has not ended; ``own`` is the one of the request."""

    id: str
    user: str
    role: Role
    via: Literal["local", "proxy", "oidc"]
    created_at: Moment
    seen_at: Moment
    expires_at: Moment
    address: str
    agent: str
    own: bool


class Ended(Exact):
    """How many sessions have been ended."""

    ended: Count
