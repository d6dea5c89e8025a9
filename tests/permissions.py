"""The tables of PRD §31.6 and §31.7: which role each request and each event handler needs."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import cast

from ksys_app.domain.access import ROLES
from ksys_app.models.access import Role
from tests import docs

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
# What the OpenAPI document does not name: pages, files, and what the framework serves.
OTHER_PATHS = (
    *(
        "/",
        "/trend",
        "/tech",
        "/explore",
        "/comm",
        "/wall",
        "/admin",
        "/login",
        "/ping",
        "/_health",
        "/_upload",
    ),
    *("/login/oidc", "/login/callback", "/login/password"),
    *("/favicon.svg", "/api/v1/docs", "/api/v1/openapi.json", "/api/v1/nothing", "/nothing"),
    "/docs/runbooks/DB_CONN.md",
)


def _role(cell: str) -> Role | None:
    name = cell.strip("`")
    if name == "nobody":
        return None
    assert name in ROLES
    return cast(Role, name)


def needed(method: str, path: str) -> Role | None:
    """The role that the table of requests gives, None for nobody."""
    for methods, paths, role in _requests():
        fits = methods == "any" or method in methods.split(", ")
        if fits and any(fnmatchcase(path, one) for one in paths):
            return role
    raise AssertionError(f"the table has no row for {method} {path}")


@cache
def _requests() -> list[tuple[str, list[str], Role | None]]:
    """The table of requests: methods, paths and the role."""
    return [
        (methods, re.findall(r"`([^`]+)`", paths), _role(role))
        for methods, paths, role in docs.table(docs.section("31.6"))
    ]


def handlers() -> dict[str, Role | None]:
    """Every handler of the table of handlers, as ``state.handler``, with its role."""
    return {
        f"{state.strip('`')}.{handler}": _role(role)
        for state, names, role in docs.table(docs.section("31.7"))
        for handler in re.findall(r"`([^`]+)`", names)
    }


def takes_token(path: str) -> bool:
    """Whether PRD §31.5 lets a token in: ``/api/`` and ``/metrics``."""
    return path.startswith("/api/") or path == "/metrics"
