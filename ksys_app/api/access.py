"""Login, logout, who is logged in, and what an admin may see of others (PRD §31)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ksys_app.api import responses
from ksys_app.api.access_params import AuditQuery
from ksys_app.api.access_schemas import AuditPage, Ended, Me, OpenSession
from ksys_app.api.params import NoQuery
from ksys_app.api.render import json_response, time
from ksys_app.api.visitors import can_keep_cookie, cookie_of, foreign, home, visitor_of
from ksys_app.errors import AuthRequired, Forbidden, KsysError
from ksys_app.models.access import AuditRow, Session
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.wall import cookies
from ksys_app.wall.identity import address_of
from ksys_app.wall.wall import for_nobody

router = APIRouter()

# For each login mode without passwords: why a login with a password is refused.
ELSEWHERE: Final = {
    "off": Message("errors.login_off"),
    "proxy": Message("errors.login_proxy"),
    "oidc": Message("errors.login_oidc"),
}


class Login(BaseModel):
    """What a person types at the login."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


@router.post("/api/v1/login", status_code=204, summary="Log in", responses=responses.NO_CONTENT)
async def login(request: Request, sent: Login) -> Response:
    """Begin a session; the answer sets its cookie."""
    return await log_in(request, sent, Response(status_code=204))


@router.post("/api/v1/logout", status_code=204, summary="Log out", responses=responses.LOGOUT)
async def logout(request: Request) -> Response:
    """End the session of this browser; its open pages go to the login.

    If the person logged in at an identity provider, ``Location`` is the address that ends the login
    there too, where the provider has one.
    """
    visitor, answer = visitor_of(request), Response(status_code=204)
    if visitor is not None and visitor.key is not None:
        await runtime.access().log_out(visitor.key)
        answer.headers.append("set-cookie", cookies.drop_cookie(**cookie_of(request)))
        sign_in = runtime.current().sign_in if visitor.via == "oidc" else None
        end = None if sign_in is None else await sign_in.end(f"{home(request)}/login")
        if end is not None:
            answer.headers["location"] = end
    return answer


@router.get("/api/v1/me", summary="Who is logged in", responses=responses.plain(Me))
async def me(_query: NoQuery, request: Request) -> Response:
    """The name and role of the person or program that asks."""
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    return json_response({"user": visitor.name, "role": visitor.role, "via": visitor.via})


@router.get("/api/v1/admin/audit", summary="Who did what", responses=responses.plain(AuditPage))
async def audit(query: AuditQuery) -> Response:
    """Logins, logouts, failures and what people changed, newest first; ``next`` leads on."""
    rows = await runtime.access().audit(query.start, query.end, query.before, query.limit)
    next_before = rows[-1].id if len(rows) == query.limit else None
    return json_response({"rows": [_audit(row) for row in rows], "next": next_before})


@router.get(
    "/api/v1/admin/sessions", summary="Open sessions", responses=responses.plain(list[OpenSession])
)
async def sessions(_query: NoQuery, request: Request) -> Response:
    """The sessions that have not ended, newest first."""
    visitor = visitor_of(request)
    own_key = None if visitor is None or visitor.key is None else visitor.key.hex()
    open_sessions = await runtime.access().sessions()
    return json_response([_session(session, own_key) for session in open_sessions])


@router.post(
    "/api/v1/admin/sessions/{session}/revoke",
    summary="End a session",
    responses=responses.plain(Ended),
)
async def revoke(
    request: Request, session: Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
) -> Response:
    """End the session; its open pages go to the login within seconds."""
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    ended = await runtime.access().revoke(session, visitor, address_of(request.scope))
    return json_response({"ended": ended})


async def log_in(request: Request, sent: Login, answer: Response) -> Response:
    """Log the person in and return ``answer`` with the cookie of the new session.

    Raises:
        Forbidden: this site does not use passwords, the connection does not protect the cookie, or
            a page of another site sent the request.
        AuthRequired: the name or the password is wrong.
        RateLimited: after too many failures.
        KsysError: the database does not answer.
    """
    settings = runtime.current().settings
    if settings.auth != "local":
        raise Forbidden(ELSEWHERE[settings.auth])
    if not can_keep_cookie(request):
        raise Forbidden(Message("errors.login_tls"))
    why = foreign(request)
    if why is not None:
        raise Forbidden(why)
    visitor = visitor_of(request)
    try:
        secret = await runtime.access().log_in(
            sent.user,
            sent.password,
            address_of(request.scope),
            request.headers.get("user-agent", "")[:200],
            None if visitor is None else visitor.key,
        )
    except KsysError as error:
        raise for_nobody(error) from error
    answer.headers.append("set-cookie", cookies.set_cookie(secret, **cookie_of(request)))
    return answer


def _audit(row: AuditRow) -> dict[str, Any]:
    zone = runtime.current().zone
    return {
        "id": row.id,
        "at": time(row.at, zone),
        "actor": row.actor,
        "via": row.via,
        "action": row.action,
        "subject": row.subject,
        "detail": row.detail,
        "address": row.address,
    }


def _session(session: Session, own_key: str | None) -> dict[str, Any]:
    zone = runtime.current().zone
    return {
        "id": session.id,
        "user": session.user,
        "role": session.role,
        "via": session.via,
        "created_at": time(session.created_at, zone),
        "seen_at": time(session.seen_at, zone),
        "expires_at": time(session.expires_at, zone),
        "address": session.address,
        "agent": session.agent,
        "own": own_key is not None and own_key.startswith(session.id),
    }
