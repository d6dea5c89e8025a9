"""Login, logout, who is logged in, and what an admin may see of others (PRD §31)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect

from ksys_app import content_policy
from ksys_app.api import responses
from ksys_app.api.access_params import AuditQuery
from ksys_app.api.access_schemas import AuditPage, Ended, Me, OpenSession
from ksys_app.api.login_page import STYLE, language_of, login_page, refused_page
from ksys_app.api.params import NoQuery
from ksys_app.api.render import json_response, time
from ksys_app.errors import AuthRequired, BadParameter, Forbidden, KsysError, RateLimited
from ksys_app.models.access import AuditRow, Session
from ksys_app.models.message import Message
from ksys_app.models.visitor import VISITOR, Visitor
from ksys_app.origin import is_loopback
from ksys_app.services import runtime
from ksys_app.wall import cookies, rules
from ksys_app.wall.identity import address_of
from ksys_app.wall.wall import for_nobody, own_origin

router = APIRouter()

MOST_FORM: Final = 10_000
# Why nobody logs in at this page.
ELSEWHERE: Final = {
    "off": Message("errors.login_off"),
    "proxy": Message("errors.login_proxy"),
}
_UNSAFE: Final = re.compile(r"[\x00-\x1f\\]|^//")


class Login(BaseModel):
    """What a person types at the login."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


def visitor_of(request: Request) -> Visitor | None:
    """Who sends the request, as the wall found out."""
    visitor: Visitor | None = request.scope.get(VISITOR)
    return visitor


@router.post("/api/v1/login", status_code=204, summary="Log in", responses=responses.NO_CONTENT)
async def login(request: Request, sent: Login) -> Response:
    """Begin a session; the answer sets its cookie."""
    return await _log_in(request, sent, Response(status_code=204))


@router.post("/api/v1/logout", status_code=204, summary="Log out", responses=responses.NO_CONTENT)
async def logout(request: Request) -> Response:
    """End the session of this browser; its open pages go to the login."""
    visitor, answer = visitor_of(request), Response(status_code=204)
    if visitor is not None and visitor.key is not None:
        await runtime.access().log_out(visitor.key)
        answer.headers.append("set-cookie", cookies.drop_cookie(**_cookie_of(request)))
    return answer


@router.get("/api/v1/me", summary="Who is logged in", responses=responses.access(Me))
async def me(_query: NoQuery, request: Request) -> Response:
    """The name and role of the person or program that asks."""
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    return json_response({"user": visitor.name, "role": visitor.role, "via": visitor.via})


@router.get("/login", include_in_schema=False)
async def login_form(request: Request) -> Response:
    """The page of the login; who is logged in already goes on."""
    after = _after(request, request.query_params.get("next"))
    if visitor_of(request) is not None:
        return RedirectResponse(after, 303, {"Cache-Control": "no-store"})
    return _page(request, request.query_params.get("lang"), after)


@router.post("/login", include_in_schema=False)
async def log_in_by_form(request: Request) -> Response:
    """Take the form of the page."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_FORM:
                raise BadParameter("the form is too long")
    except ClientDisconnect as error:
        raise BadParameter("the form is not complete") from error
    sent = dict(parse_qsl(body.decode("utf-8", "replace")))
    after, language = _after(request, sent.get("next")), sent.get("lang")
    try:
        answer = RedirectResponse(after, 303, {"Cache-Control": "no-store"})
        return await _log_in(request, typed(sent), answer)
    except KsysError as error:
        return _page(request, language, after, sent.get("user", "")[:64], error)


def typed(form: Mapping[str, str]) -> Login:
    """Name and password of the form, as they were typed.

    Raises:
        AuthRequired: nobody has such a name or such a password. A long one is not cut, because
            what is left could be the password.
    """
    try:
        return Login(user=form.get("user", ""), password=form.get("password", ""))
    except ValidationError:
        raise AuthRequired(Message("errors.login_wrong")) from None


@router.get("/api/v1/admin/audit", summary="Who did what", responses=responses.access(AuditPage))
async def audit(query: AuditQuery) -> Response:
    """Logins, logouts, failures and what people changed, newest first; ``next`` leads on."""
    rows = await runtime.access().audit(query.start, query.end, query.before, query.limit)
    more = rows[-1].id if len(rows) == query.limit else None
    return json_response({"rows": [_audit(row) for row in rows], "next": more})


@router.get(
    "/api/v1/admin/sessions", summary="Open sessions", responses=responses.access(list[OpenSession])
)
async def sessions(_query: NoQuery, request: Request) -> Response:
    """The sessions that have not ended, newest first."""
    visitor = visitor_of(request)
    own = None if visitor is None or visitor.key is None else visitor.key.hex()
    found = await runtime.access().sessions()
    return json_response([_session(one, own) for one in found])


@router.post(
    "/api/v1/admin/sessions/{session}/revoke",
    summary="End a session",
    responses=responses.access(Ended),
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


async def _log_in(request: Request, sent: Login, answer: Response) -> Response:
    settings = runtime.current().settings
    if settings.auth != "local":
        raise Forbidden(ELSEWHERE[settings.auth])
    if not _can_keep_cookie(request):
        raise Forbidden(Message("errors.login_tls"))
    why = _foreign(request)
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
    answer.headers.append("set-cookie", cookies.set_cookie(secret, **_cookie_of(request)))
    return answer


def _can_keep_cookie(request: Request) -> bool:
    """Whether the cookie stays secret: over TLS, or at this machine."""
    served = own_origin(request.scope)
    return cookies.is_secure(request.scope) or (served is not None and is_loopback(served.host))


def _foreign(request: Request) -> str | None:
    """Why the login is not of the app's own page, None if it is, or if a program sends it."""
    page, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if page is None and site is None:
        return None
    return rules.foreign("POST", page, own_origin(request.scope), site)


def _cookie_of(request: Request) -> dict[str, Any]:
    scope = request.scope
    return {"secure": cookies.is_secure(scope), "base": scope.get("root_path", "")}


def _after(request: Request, wanted: str | None) -> str:
    """Where to go after the login: a page of this app, else the dashboard."""
    base = request.scope.get("root_path", "")
    if not wanted or not wanted.startswith(f"{base}/") or _UNSAFE.search(wanted):
        return f"{base}/"
    inside = wanted.removeprefix(base)
    return f"{base}/" if inside.startswith(("/login", "/api/")) else wanted


def _page(
    request: Request,
    chosen: str | None,
    after: str,
    user: str = "",
    error: KsysError | None = None,
) -> Response:
    language = language_of(chosen, request.headers.get("accept-language", ""))
    mode = runtime.current().settings.auth
    policy = content_policy.of_document(STYLE, form=True)
    headers = {"Cache-Control": "no-store", content_policy.HEADER: policy}
    if mode != "local":
        return HTMLResponse(refused_page(language, ELSEWHERE[mode]), 200, headers)
    if error is None and not _can_keep_cookie(request):
        error = Forbidden(Message("errors.login_tls"))
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    action = f"{request.scope.get('root_path', '')}/login"
    problem = None if error is None else error.said
    html = login_page(language, action, after, user, problem)
    return HTMLResponse(html, 200 if error is None else error.http_status, headers)


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


def _session(one: Session, own: str | None) -> dict[str, Any]:
    zone = runtime.current().zone
    return {
        "id": one.id,
        "user": one.user,
        "role": one.role,
        "via": one.via,
        "created_at": time(one.created_at, zone),
        "seen_at": time(one.seen_at, zone),
        "expires_at": time(one.expires_at, zone),
        "address": one.address,
        "agent": one.agent,
        "own": own is not None and own.startswith(one.id),
    }
