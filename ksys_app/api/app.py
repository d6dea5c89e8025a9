"""The FastAPI application in front of Reflex's own: the HTTP contract and its errors."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from ksys_app import __version__
from ksys_app.api import comm, export, health, prometheus, routes, runbooks, series
from ksys_app.api.docs import page
from ksys_app.api.params import problem
from ksys_app.api.render import json_response
from ksys_app.errors import BadParameter, KsysError
from ksys_app.log import logger

RETRY_AFTER_S: Final = 5
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def error_response(error: KsysError) -> Response:
    """``{"error": {"code", "message"}}`` with the status of the error's class."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if error.http_status == 503 else {}
    body = {"error": {"code": error.code, "message": error.message}}
    return json_response(body, error.http_status, headers)


def create_api() -> FastAPI:
    """The HTTP contract, to be mounted in front of the pages."""
    api = FastAPI(
        title="Ksys Dashboard",
        version=__version__,
        summary="Tags, newest values, KPI tiles, courses, communication and rules; read-only.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    api.include_router(routes.router)
    api.include_router(series.router)
    api.include_router(export.router)
    api.include_router(comm.router)
    api.include_router(health.router)
    api.include_router(prometheus.router)
    api.include_router(runbooks.router)

    @api.get("/api/v1/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(api.openapi()))

    @api.api_route("/api/{rest:path}", methods=METHODS, include_in_schema=False)
    async def unknown(request: Request, rest: str) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _plain(405, "HTTP", "the HTTP contract is read-only; use GET")
        return _plain(404, "NOT_FOUND", f"/api/{rest} does not exist; see /api/v1/docs")

    @api.exception_handler(KsysError)
    async def ksys_error(_request: Request, error: KsysError) -> Response:
        return error_response(error)

    @api.exception_handler(RequestValidationError)
    async def bad_parameter(_request: Request, error: RequestValidationError) -> Response:
        return error_response(BadParameter(problem(list(error.errors()))))

    @api.exception_handler(HTTPException)
    async def http_error(_request: Request, error: HTTPException) -> Response:
        return _plain(error.status_code, "HTTP", str(error.detail))

    @api.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        logger.error("%s failed", request.url.path, exc_info=error)
        return _plain(500, "INTERNAL", "the request failed; the log has the details")

    return api


def _plain(status: int, code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status)
