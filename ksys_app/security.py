"""Environment checks and response headers, as pure functions (PRD §10).

``python -m ksys_app.security`` is ``ksys check --offline``; ``ksys check`` also connects.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict

if __name__ == "__main__":
    # If this file is run by its path, Python searches its folder first and would import ksys_app.py
    # in place of the package.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from ksys_app import content_policy
from ksys_app.domain.sign_in import EXAMPLE_ROLES
from ksys_app.origin import OVER_TLS, is_loopback
from ksys_app.settings import Settings, env_file
from ksys_app.settings_values import EXAMPLE_DSN, EXAMPLE_ISSUER, FILL_IN

App = Callable[..., Any]

HEADERS: Final[Mapping[str, str]] = {
    content_policy.HEADER: content_policy.NOTHING,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check of the environment.

    Attributes:
        name: what was checked.
        ok: whether the check passed.
        detail: what is wrong and what to do; for a passed check what is right.
        strict: whether a failure keeps production from running.
        exit_code: exit code of ``ksys check`` for a strict failure.
    """

    name: str
    ok: bool
    detail: str
    strict: bool = True
    exit_code: int = 1


def check_environment(settings: Settings, env_file_mode: int | None = None) -> list[Finding]:
    """Run every check of the environment that needs no connection.

    Args:
        settings: the settings.
        env_file_mode: permission bits of ``.env``, None if there is no such file.
    """
    production = settings.app_env == "production"
    operator, alarms = settings.ts_operator_dsn, settings.ts_alarm_dsn
    findings = [
        *_dsns(settings),
        *_transport("TLS to the database", settings.ts_dsn, production),
        *_role("role of the app", settings.ts_dsn, "eco_ro", "the app reads", production),
        *_transport("TLS of the operator", operator, production),
        *_role(
            "role of the operator", settings.ts_operator_dsn, "eco_op", "the app writes", production
        ),
        *_transport("TLS of the alarms", alarms, production),
        *_role(
            "role of the alarms",
            settings.ts_alarm_dsn,
            "eco_alarm",
            "the worker writes",
            production,
        ),
    ]
    problem = access_problem(settings)
    findings.append(Finding("access", problem is None, problem or f"KSYS_AUTH={settings.auth}"))
    if env_file_mode is not None:
        private = env_file_mode & 0o077 == 0
        detail = "only its owner reads it" if private else "others may read it; chmod 600 .env"
        findings.append(Finding(".env permissions", private, detail, production))
    return findings


def access_problem(settings: Settings) -> str | None:
    """Why the app must not start, because its access rules are incomplete; None if it may start.

    Args:
        settings: the settings.
    """
    auth = f"KSYS_AUTH={settings.auth}"
    chosen = settings.model_fields_set
    if settings.auth == "off":
        open_to_all = (
            f"{auth} lets everybody in who reaches KSYS_HOST={settings.host}; set KSYS_AUTH=local "
            "or KSYS_AUTH=proxy, or listen on 127.0.0.1"
        )
        return None if is_loopback(settings.host) else open_to_all
    if settings.ts_operator_dsn is None:
        default = "" if "auth" in chosen else f", the default for KSYS_HOST={settings.host},"
        return (
            f"{auth}{default} needs TS_OPERATOR_DSN, the connection as eco_op, e.g. "
            f"{EXAMPLE_DSN.replace('eco_ro', 'eco_op')}; set KSYS_OP_PASSWORD too, run "
            "ksys db init, then ksys user add"
        )
    if settings.auth == "proxy" and not ("trusted_proxies" in chosen and settings.proxies):
        return (
            f"{auth} needs KSYS_TRUSTED_PROXIES, the addresses of the proxies that say who "
            "somebody is, e.g. 10.20.0.5; otherwise anybody could claim to be anybody"
        )
    return _provider_problem(settings) if settings.auth == "oidc" else None


def _provider_problem(settings: Settings) -> str | None:
    """Why nobody can log in at the identity provider; None if people can."""
    for name, value, example in (
        ("ISSUER", settings.oidc_issuer, f"the provider's address, e.g. {EXAMPLE_ISSUER}"),
        ("CLIENT_ID", settings.oidc_client_id, "the app's name at the provider, e.g. ksys"),
        ("ROLES", settings.oidc_roles, f"who gets which role, e.g. {EXAMPLE_ROLES}"),
    ):
        if not value:
            return f"KSYS_AUTH=oidc needs KSYS_OIDC_{name}, {example}"
    return None


def _dsns(settings: Settings) -> Iterator[Finding]:
    if settings.ts_dsn is None:
        remedy = f"put it in the environment or {env_file()}"
        yield Finding("TS_DSN", False, f"not set; the app has no database: {remedy}")
    for name, dsn in (
        ("TS_DSN", settings.ts_dsn),
        ("TS_OPERATOR_DSN", settings.ts_operator_dsn),
        ("TS_ALARM_DSN", settings.ts_alarm_dsn),
        ("TS_ADMIN_DSN", settings.ts_admin_dsn),
    ):
        if dsn is not None:
            filled_in = conninfo_to_dict(dsn).get("password") != FILL_IN
            example = f"still has {FILL_IN} from .env.example in it; put in your own value"
            yield Finding(name, filled_in, "set" if filled_in else example)


def _transport(name: str, dsn: str | None, production: bool) -> Iterator[Finding]:
    if dsn is None:
        return
    mode = conninfo_to_dict(dsn).get("sslmode") or "prefer"
    fine = mode == "verify-full"
    wrong = f"sslmode={mode} does not verify the server; production needs sslmode=verify-full"
    yield Finding(name, fine, "sslmode=verify-full" if fine else wrong, production)


def _role(name: str, dsn: str | None, role: str, does: str, strict: bool) -> Iterator[Finding]:
    if dsn is None:
        return
    user = conninfo_to_dict(dsn).get("user") or ""
    wrong = f"{user or 'nobody named'}; {does} as {role}"
    yield Finding(name, user == role, role if user == role else wrong, strict)


def with_headers(app: App) -> App:
    """``app`` with the security headers on every HTTP response, pages and files included.

    A response that has one of these headers keeps its own: each page has its own policy.
    """
    every = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    return _adding(app, lambda _: every)


def with_strict_transport(app: App) -> App:
    """``app`` with a header that tells browsers to use only TLS, if they came over TLS.

    Put it behind the edge, where a request has the scheme of its browser.
    """
    return _adding(app, lambda scope: [OVER_TLS] if scope.get("scheme") == "https" else [])


def _adding(app: App, headers: Callable[[Any], list[tuple[bytes, bytes]]]) -> App:
    async def adding(scope: Any, receive: Any, send: Any) -> None:
        async def send_more(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", []))
                names = {name.lower() for name, _ in own}
                more = [pair for pair in headers(scope) if pair[0] not in names]
                message = message | {"headers": [*own, *more]}
            await send(message)

        await app(scope, receive, send_more if scope["type"] == "http" else send)

    return adding


def main() -> None:
    """Run ``ksys check --offline`` with the other arguments of the command line."""
    sys.argv[1:1] = ["check", "--offline"]
    # Run by name, because no module below the command line may import it.
    runpy.run_module("ksys_app", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
