"""Users change their own passwords over HTTP, or on a page without scripts (PRD §31.2)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ksys_app import content_policy
from ksys_app.api import responses
from ksys_app.api.login_form import NO_STORE, form_of
from ksys_app.api.login_page import STYLE, language_of, password_page, refused_page
from ksys_app.api.visitors import cookie_of, visitor_of
from ksys_app.errors import AuthRequired, BadParameter, Forbidden, KsysError, RateLimited
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.wall import cookies
from ksys_app.wall.identity import address_of

router = APIRouter()

Typed = Annotated[str, Field(min_length=1, max_length=1024)]
DONE: Final = "changed"


class NewPassword(BaseModel):
    """The old and the new password."""

    model_config = ConfigDict(extra="forbid", strict=True)

    old: Typed
    new: Typed


@router.post(
    "/api/v1/me/password",
    status_code=204,
    summary="Change the own password",
    responses=responses.NO_CONTENT,
)
async def change(request: Request, sent: NewPassword) -> Response:
    """Change the password of the user who asks; all other sessions of that user end."""
    return await _change(request, sent, Response(status_code=204))


@router.get("/login/password", include_in_schema=False)
async def form(request: Request) -> Response:
    """The page with the form."""
    query = request.query_params
    return _page(request, query.get("lang"), done=DONE in query)


@router.post("/login/password", include_in_schema=False)
async def change_by_form(request: Request) -> Response:
    """Change the password with the values of the form."""
    sent = await form_of(request)
    language = language_of(sent.get("lang"), request.headers.get("accept-language", ""))
    to = f"{request.scope.get('root_path', '')}/login/password?{DONE}&lang={language}"
    try:
        if sent.get("new") != sent.get("again"):
            raise BadParameter(Message("errors.password_twice"))
        typed = NewPassword(old=sent.get("old", ""), new=sent.get("new", ""))
        return await _change(request, typed, RedirectResponse(to, 303, NO_STORE))
    except ValidationError:
        # No user has an empty password, or one that is too long.
        return _page(request, language, Forbidden(Message("errors.password_wrong")))
    except KsysError as error:
        return _page(request, language, error)


async def _change(request: Request, sent: NewPassword, answer: Response) -> Response:
    """Change the password, and return ``answer`` with the cookie of the new session."""
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    if visitor.via != "local" or visitor.key is None:
        raise Forbidden(Message("errors.password_elsewhere"))
    agent = request.headers.get("user-agent", "")[:200]
    secret = await runtime.access().change_password(
        visitor.name, sent.old, sent.new, address_of(request.scope), agent, visitor.key
    )
    answer.headers.append("set-cookie", cookies.set_cookie(secret, **cookie_of(request)))
    return answer


def _page(
    request: Request, chosen: str | None, error: KsysError | None = None, *, done: bool = False
) -> Response:
    language = language_of(chosen, request.headers.get("accept-language", ""))
    headers = {**NO_STORE, content_policy.HEADER: content_policy.of_document(STYLE, form=True)}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    visitor, base = visitor_of(request), request.scope.get("root_path", "")
    if visitor is None or visitor.via != "local":
        elsewhere = Message("errors.password_elsewhere")
        return HTMLResponse(refused_page(language, elsewhere), 200, headers)
    problem = None if error is None else error.sentence
    html = password_page(language, base, visitor.name, problem, done=done)
    return HTMLResponse(html, 200 if error is None else error.http_status, headers)
