"""Pure rules: which role a request needs (PRD §31.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ksys_app.models.access import Role
from ksys_app.origin import Origin, parse

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Paths for a person before the login, and for monitors and proxies without a login.
OPEN: Final = frozenset(
    {"/login", "/login/oidc", "/login/callback", "/api/v1/login", "/ping", "/readyz"}
)
ADMIN: Final = "/api/v1/admin/"
# The requests that change something, and the role that each needs. Others need an admin.
CHANGES: Final[Mapping[tuple[str, str], Role]] = {
    ("POST", "/api/v1/logout"): "viewer",
    ("POST", "/api/v1/me/password"): "viewer",
    ("PUT", "/api/v1/me/start"): "viewer",
    ("DELETE", "/api/v1/me/start"): "viewer",
    ("POST", "/login/password"): "viewer",
    ("POST", "/api/v1/alarms/ack"): "operator",
    ("POST", "/api/v1/alarms/unack"): "operator",
    ("POST", "/api/v1/alarms/shelve"): "operator",
    ("POST", "/api/v1/alarms/unshelve"): "operator",
    ("POST", "/api/v1/alarms/reset"): "operator",
    ("POST", "/api/v1/alarms/assign"): "operator",
    ("POST", "/api/v1/alarms/out_of_service"): "engineer",
    ("POST", "/api/v1/annotations"): "operator",
    ("POST", "/api/v1/rules/rollback"): "engineer",
    ("POST", "/api/v1/rules/bulk"): "engineer",
    ("POST", "/api/v1/rules/proposal"): "engineer",
    ("POST", "/api/v1/rules/preview"): "engineer",
    ("POST", "/api/v1/rules/preview/exact"): "engineer",
}
# The same, for paths that end with a name.
CHANGES_BELOW: Final[Mapping[tuple[str, str], Role]] = {
    ("PATCH", "/api/v1/annotations/"): "operator",
    ("DELETE", "/api/v1/annotations/"): "operator",
    ("PUT", "/api/v1/rules/"): "engineer",
    ("PUT", "/api/v1/expressions/"): "engineer",
    ("DELETE", "/api/v1/expressions/"): "engineer",
    # A user's own view changes nothing for others; the service checks who may share a view.
    ("PUT", "/api/v1/views/"): "viewer",
    ("DELETE", "/api/v1/views/"): "viewer",
}
WEBSOCKET: Final[Role] = "viewer"
# A bearer token is valid for these paths only. A page has a cookie.
_BY_TOKEN: Final = ("/api/", "/metrics")


def needed(method: str, path: str) -> Role | None:
    """The role that a request needs, None if anybody may send it.

    Args:
        method: the method, in capitals.
        path: the decoded path, without the base path.
    """
    if path in OPEN:
        return None
    if path.startswith(ADMIN):
        return "admin"
    if method in SAFE:
        return "viewer"
    for (changing, start), role in CHANGES_BELOW.items():
        if method == changing and path.startswith(start):
            return role
    return CHANGES.get((method, path), "admin")


def takes_token(path: str) -> bool:
    """Whether a bearer token may take the place of a session."""
    return path.startswith(_BY_TOKEN)


def foreign(method: str, page: str | None, own: Origin | None, site: str | None) -> str | None:
    """Why a request with a cookie does not come from the app's own pages; None if it does.

    A browser adds the cookie also to requests that a foreign page sends, and says where each
    request comes from. Only requests that change something are checked.

    Args:
        method: the method, in capitals.
        page: the header ``Origin``, which browsers send with each change.
        own: the origin of the app, as the browser sees it.
        site: the header ``Sec-Fetch-Site``. Browsers do not send it over HTTP without TLS.
    """
    if method in SAFE:
        return None
    if page is None or own is None or parse(page) != own:
        return f"the request comes from {page or 'no page'}, and the dashboard is {own}"
    if site not in (None, "same-origin"):
        return f"the request comes from another site (Sec-Fetch-Site: {site})"
    return None
