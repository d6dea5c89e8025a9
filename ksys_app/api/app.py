"""The FastAPI application that serves the HTTP contract in front of Reflex, and its errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

from ksys_app import __version__, meters
from ksys_app.api import (
    access,
    alarm_journal,
    alarm_kpi,
    alarms,
    annotations as notes,
    comm,
    events,
    export,
    expressions,
    failures,
    health,
    kpi,
    limit_bulk,
    limit_preview,
    limits,
    login_form,
    own_password,
    prometheus,
    relations,
    routes,
    runbooks,
    saved_views,
    series,
    series_files,
    statistics,
)
from ksys_app.api.compression import Compression
from ksys_app.api.docs import STYLE, page, styled
from ksys_app.api.forms import form_message
from ksys_app.api.limit_render import error_detail
from ksys_app.api.measured import Measured
from ksys_app.api.methods import Methods
from ksys_app.api.render import json_response
from ksys_app.errors import BadParameter, KsysError, RateLimited
from ksys_app.log import logger

RETRY_AFTER_S: Final = 5
ROUTERS: Final = tuple(
    part.router
    for part in (
        *(routes, kpi, series, export, comm, health, prometheus, runbooks, access, login_form),
        *(own_password, statistics, events, relations, series_files),
        *(alarms, alarm_journal, alarm_kpi),
        *(limit_bulk, limit_preview, limits),
        *(expressions, saved_views, notes),
    )
)
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def error_response(error: KsysError) -> Response:
    """``{"error": {"code", "message"}}`` with the status of the error's class."""
    wait = error.retry_after_s if isinstance(error, RateLimited) else RETRY_AFTER_S
    headers = {"Retry-After": str(wait)} if error.http_status in (429, 503) else {}
    return _error_body(error.http_status, error.code, error.message, headers, error_detail(error))


class Contract(FastAPI):
    """The application of the HTTP contract. Its OpenAPI document is exact about parameters."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, built on first use, because that takes half a second."""
        if self.openapi_schema is None:
            document = super().openapi()
            for item in document["paths"].values():
                for operation in item.values():
                    # A wrong parameter gives status 400, and never the framework's 422.
                    operation["responses"].pop("422", None)
                    for parameter in operation.get("parameters", []):
                        parameter["schema"] = _without_null(parameter["schema"])
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
        return super().openapi()


def create_api() -> FastAPI:
    """The application of the HTTP contract, ready to mount in front of the pages."""
    api = Contract(
        title="Ksys Dashboard",
        version=__version__,
        summary="Tags, newest values, KPI tiles, series, communication and rules; read-only.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    for router in ROUTERS:
        api.include_router(router)

    @api.get("/api/v1/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return styled(page(api.openapi()), STYLE)

    @api.api_route("/api/{rest:text}", methods=METHODS, include_in_schema=False)
    async def unknown(request: Request, rest: str) -> Response:
        root = request.scope.get("root_path", "")
        path = quote(f"/api/{rest}", safe="/")
        return _error_body(404, "NOT_FOUND", f"{path} does not exist; see {root}/api/v1/docs")

    @api.api_route("/_event/{rest:text}", methods=METHODS, include_in_schema=False)
    async def no_upgrade(rest: str) -> Response:
        message = (
            "only a websocket is served here, and its upgrade did not arrive; a proxy has to pass "
            "on the headers Upgrade and Connection"
        )
        return _error_body(426, "HTTP", message, {"Upgrade": "websocket"})

    @api.exception_handler(KsysError)
    async def ksys_error(request: Request, error: KsysError) -> Response:
        failures.note(error, request.url.path)
        return error_response(error)

    @api.exception_handler(RequestValidationError)
    async def bad_parameter(_request: Request, error: RequestValidationError) -> Response:
        return error_response(BadParameter(form_message(list(error.errors()))))

    @api.exception_handler(HTTPException)
    async def http_error(_request: Request, error: HTTPException) -> Response:
        # The framework raises 400 for a body that is not JSON. Report it as a wrong parameter.
        code = BadParameter.code if error.status_code == BadParameter.http_status else "HTTP"
        return _error_body(error.status_code, code, str(error.detail), dict(error.headers or {}))

    @api.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        logger.error("%s failed", request.url.path, exc_info=error)
        return _error_body(500, "INTERNAL", "the request failed; the log has the details")

    _add_middleware(api)
    return api


def _add_middleware(api: FastAPI) -> None:
    """Add the layers that check methods, and compress and measure responses."""
    routed = (route for router in ROUTERS for route in router.routes)
    all_routes = (route for route in (*api.routes, *routed) if isinstance(route, Route))
    # A route with all methods serves paths outside the contract.
    contract = [route for route in all_routes if route.methods != set(METHODS)]
    # Compression is inside Methods, so that HEAD has the headers of GET.
    api.add_middleware(
        Compression,
        routes=contract,
        plain=(*limit_preview.STREAMED_PATHS, *series_files.COMPRESSED_PATHS),
    )
    api.add_middleware(Methods, routes=contract, refuse=_not_allowed)
    # Measured is the outermost layer, so it also counts the responses of the other layers.
    api.add_middleware(Measured, routes=contract)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter without null, because a query string has no null."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    return schema if len(choices) != 1 else choices[0] | {"title": schema["title"]}


def _not_allowed(headers: Mapping[str, str]) -> Response:
    message = f"this path has only {headers['Allow']}"
    return _error_body(405, "HTTP", message, headers)


def _error_body(
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Response:
    meters.ERRORS.labels("http", code).inc()
    body = {"code": code, "message": message, **(detail or {})}
    return json_response({"error": body}, status, headers or {})
