"""Sends a message: a mail over SMTP, or a signed request to a webhook (PRD §32.10)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiosmtplib
import httpx

from ksys_app.errors import ConfigError
from ksys_app.models.notify import MailServer, Message, Route, Routes

TIMEOUT_S: Final = 10.0
"""Longest time without an answer of the server."""
TOTAL_S: Final = 60.0
"""Longest time to send a message, so that a slow server does not delay messages to others."""


class NotSent(Exception):
    """The server did not accept the message; the text has the reason, without any secret."""


def signature(key: str, timestamp: str, body: bytes) -> str:
    """The signature for the receiver: HMAC-SHA256 of timestamp, a dot and the body, in hex."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def mail(server: MailServer, recipient: str, message: Message, now: datetime) -> EmailMessage:
    """The mail with a message. Its ``Message-ID`` is the same each time the message is sent."""
    email = EmailMessage()
    email["Subject"] = message.subject
    email["From"] = server.sender
    email["To"] = recipient
    email["Date"] = format_datetime(now)
    email["Message-ID"] = f"<{message.dedupe_key}@{server.sender.partition('@')[2]}>"
    email["Ksys-Dedupe-Key"] = message.dedupe_key
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text)
    return email


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages on the routes of a file; ``secrets`` has environment variables by name."""

    routes: Routes
    secrets: Mapping[str, str]

    @classmethod
    def of(cls, routes: Routes, environ: Mapping[str, str]) -> Sender:
        """A sender with the secrets of an environment.

        Raises:
            ConfigError: the environment lacks a secret; the message names the missing ones.
        """
        names = {route.key_env for route in routes.routes.values()}
        names |= {routes.server.password_env} if routes.server else set()
        lacking = sorted(name for name in names if name and not environ.get(name))
        if lacking:
            raise ConfigError(
                f"KSYS_ROUTES names {', '.join(lacking)}, which the environment does not have"
            )
        return cls(routes, {name: environ[name] for name in names if name})

    async def send(self, route: Route, recipient: str, message: Message, now: datetime) -> None:
        """Send a message to one recipient of a route.

        Raises:
            NotSent: the server cannot be reached or refused the message.
        """
        if route.kind == "webhook":
            body = {
                **{"dedupe_key": message.dedupe_key, "route": route.name},
                **{"subject": message.subject, "text": message.text, "events": message.events},
            }
            await self._post(route, json.dumps(body, allow_nan=False).encode(), message, now)
            return
        server = self.routes.server
        assert server is not None, "a route of mails has a server"
        try:
            async with asyncio.timeout(TOTAL_S):
                await self._deliver(server, mail(server, recipient, message, now))
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(f"mail: {_reason(error)}") from error

    async def _deliver(self, server: MailServer, email: EmailMessage) -> None:
        await aiosmtplib.send(
            email,
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=self.secrets[server.password_env] if server.user else None,
            timeout=TIMEOUT_S,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=ssl.create_default_context(),
        )

    async def _post(self, route: Route, body: bytes, message: Message, now: datetime) -> None:
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Ksys-Dedupe-Key": message.dedupe_key,
            "Ksys-Timestamp": timestamp,
            "Ksys-Signature": f"sha256={signature(self.secrets[route.key_env], timestamp, body)}",
        }
        await post(route.url, body, headers)


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send a request; redirects are not followed.

    Raises:
        NotSent: the server does not answer, or its status is not 2xx.
    """
    try:
        async with (
            asyncio.timeout(TOTAL_S),
            httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client,
            # Do not read the body of the answer: it may have no end.
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            accepted, status = answer.is_success, answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotSent(f"webhook: {_reason(error)}") from error
    if not accepted:
        raise NotSent(f"webhook: the answer was {status}")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
