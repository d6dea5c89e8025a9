"""The login page: its form, and the redirects to the identity provider and back (PRD §31.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from ksys_app import content_policy
from ksys_app.api.access import ELSEWHERE, Login, log_in
from ksys_app.api.login_page import STYLE, language_of, login_page, refused_page, sign_in_page
from ksys_app.api.visitors import can_keep_cookie, cookie_of, home, next_of, visitor_of
from ksys_app.errors import AuthRequired, BadParameter, Forbidden, KsysError, RateLimited
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.settings import Settings
from ksys_app.utils import credentials
from ksys_app.wall import cookies
from ksys_app.wall.identity import address_of
from ksys_app.wall.wall import for_nobody

router = APIRouter()

MOST_FORM: Final = 10_000
NO_STORE: Final = {"Cache-Control": "no-store"}


@router.get("/login", include_in_schema=False)
async def login_form(request: Request) -> Response:
    """The login page. A visitor who is logged in is redirected to the requested page."""
    after = next_of(request, request.query_params.get("next"))
    if visitor_of(request) is not None:
        return RedirectResponse(after, 303, NO_STORE)
    return _page(request, request.query_params.get("lang"), after)


@router.post("/login", include_in_schema=False)
async def log_in_by_form(request: Request) -> Response:
    """Log in with the name and the password of the form."""
    sent = await form_of(request)
    after, language = next_of(request, sent.get("next")), sent.get("lang")
    try:
        return await log_in(request, parse_login(sent), RedirectResponse(after, 303, NO_STORE))
    except KsysError as error:
        return _page(request, language, after, sent.get("user", "")[:64], error)


@router.get("/login/oidc", include_in_schema=False)
async def go_to_provider(request: Request) -> Response:
    """Redirect the browser to the login of the identity provider."""
    after = next_of(request, request.query_params.get("next"))
    language = language_of(
        request.query_params.get("lang"), request.headers.get("accept-language", "")
    )
    sign_in = runtime.current().sign_in
    if sign_in is None or visitor_of(request) is not None or not can_keep_cookie(request):
        return await login_form(request)
    secret = credentials.new_secret()
    try:
        address = await sign_in.begin(secret, _callback(request), address_of(request.scope))
    except KsysError as error:
        return _page(request, language, after, error=error)
    answer = RedirectResponse(address, 303, NO_STORE)
    cookie = cookies.set_login_cookie(secret, language, after, **cookie_of(request))
    answer.headers.append("set-cookie", cookie)
    return answer


@router.get("/login/callback", include_in_schema=False)
async def come_back(request: Request) -> Response:
    """Start the session of a browser that the identity provider has redirected back."""
    sign_in, visitor = runtime.current().sign_in, visitor_of(request)
    secret, language, next_path = cookies.read_login_cookie(
        request.scope["headers"], **cookie_of(request)
    )
    after = next_of(request, next_path)
    # A person who presses Back in the browser requests this address again, without the cookie.
    if sign_in is None or not can_keep_cookie(request) or (visitor and secret is None):
        return await login_form(request)
    try:
        session = await sign_in.finish(
            secret,
            dict(request.query_params),
            _callback(request),
            address_of(request.scope),
            request.headers.get("user-agent", "")[:200],
            None if visitor is None else visitor.key,
        )
        answer: Response = RedirectResponse(after, 303, NO_STORE)
        cookie = cookies.set_cookie(session, **cookie_of(request))
        answer.headers.append("set-cookie", cookie)
    except KsysError as error:
        answer = _page(request, language, after, error=for_nobody(error))
    answer.headers.append("set-cookie", cookies.drop_login_cookie(**cookie_of(request)))
    return answer


def _callback(request: Request) -> str:
    """The address to which the identity provider redirects the browser."""
    return f"{home(request)}/login/callback"


async def form_of(request: Request) -> dict[str, str]:
    """Name to value, for the fields of an HTML form.

    Raises:
        BadParameter: the form is too long or not complete.
    """
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_FORM:
                raise BadParameter("the form is too long")
    except ClientDisconnect as error:
        raise BadParameter("the form is not complete") from error
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def parse_login(form: Mapping[str, str]) -> Login:
    """The name and the password of the form, unchanged.

    Raises:
        AuthRequired: a value is empty or too long. A long value is not cut, because the rest could
            be the right password.
    """
    try:
        return Login(user=form.get("user", ""), password=form.get("password", ""))
    except ValidationError:
        raise AuthRequired(Message("errors.login_wrong")) from None


def _page(
    request: Request,
    chosen: str | None,
    after: str,
    user: str = "",
    error: KsysError | None = None,
) -> Response:
    language = language_of(chosen, request.headers.get("accept-language", ""))
    settings = runtime.current().settings
    policy = content_policy.of_document(STYLE, form=True)
    headers = {**NO_STORE, content_policy.HEADER: policy}
    if settings.auth not in ("local", "oidc"):
        return HTMLResponse(refused_page(language, ELSEWHERE[settings.auth]), 200, headers)
    if error is None and not can_keep_cookie(request):
        error = Forbidden(Message("errors.login_tls"))
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    action = f"{request.scope.get('root_path', '')}/login"
    problem = None if error is None else error.sentence
    if settings.auth == "oidc":
        html = sign_in_page(language, action, after, _name(settings), problem)
    else:
        html = login_page(language, action, after, user, problem)
    return HTMLResponse(html, 200 if error is None else error.http_status, headers)


def _name(settings: Settings) -> str:
    """The name of the identity provider on the button."""
    return settings.oidc_name or urlsplit(settings.oidc_issuer or "").netloc
