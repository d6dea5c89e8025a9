"""Environment checks and response headers, as pure functions (PRD §10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict

from ksys_app.settings import Settings

App = Callable[..., Any]

# Reflex's start-up scripts are inline; nothing is evaluated from strings.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of the environment.

    Attributes:
        name: what was checked.
        ok: whether it is as it should be.
        detail: what is wrong and what to do, or what is right.
        strict: whether production may not run with it wrong.
    """

    name: str
    ok: bool
    detail: str
    strict: bool = True


def check_environment(settings: Settings, env_file_mode: int | None = None) -> list[Finding]:
    """Every check of the environment that needs no connection.

    Args:
        settings: what is configured.
        env_file_mode: permission bits of ``.env``, None where there is none.
    """
    production = settings.app_env == "production"
    findings = [_app_dsn(settings), *_transport(settings, production), *_role(settings, production)]
    if env_file_mode is not None:
        private = env_file_mode & 0o077 == 0
        detail = "only its owner reads it" if private else "others may read it; chmod 600 .env"
        findings.append(Finding(".env permissions", private, detail, production))
    return findings


def _app_dsn(settings: Settings) -> Finding:
    given = settings.ts_dsn is not None
    return Finding("TS_DSN", given, "set" if given else "not set; the app has no database")


def _parts(settings: Settings) -> dict[str, Any]:
    return {} if settings.ts_dsn is None else dict(conninfo_to_dict(settings.ts_dsn))


def _transport(settings: Settings, production: bool) -> list[Finding]:
    if settings.ts_dsn is None:
        return []
    mode = _parts(settings).get("sslmode") or "prefer"
    fine = mode == "verify-full"
    detail = (
        "sslmode=verify-full"
        if fine
        else f"sslmode={mode} does not prove who answers; production needs sslmode=verify-full"
    )
    return [Finding("TLS to the database", fine, detail, production)]


def _role(settings: Settings, production: bool) -> list[Finding]:
    if settings.ts_dsn is None:
        return []
    user = _parts(settings).get("user") or ""
    fine = user == "eco_ro"
    detail = "eco_ro" if fine else f"{user or 'nobody named'}; production reads as eco_ro"
    return [Finding("role of the app", fine, detail, production)]


def with_headers(app: App) -> App:
    """``app`` with the security headers on every HTTP response, pages and files included."""
    added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def secured(scope: Any, receive: Any, send: Any) -> None:
        async def send_secured(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), *added]}
            await send(message)

        await app(scope, receive, send_secured if scope["type"] == "http" else send)

    return secured
