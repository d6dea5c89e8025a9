"""Sends a message: a mail over SMTP, or a signed request to a webhook (PRD §32.10)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import httpx

from ksys_app.errors import ConfigError
from ksys_app.models.notify import MailServer, Message, Route, Routes

TIMEOUT_S: Final = 10.0
"""Longest time that a server may be silent."""
TOTAL_S: Final = 60.0
"""Longest time until a server has taken a message: one that dawdles must not keep back the others'
messages."""


class NotSent(Exception):
    """The server did not take the message; the text says why, without any secret."""


def signature(key: str, timestamp: str, body: bytes) -> str:
    """What a receiver compares: HMAC-SHA256 of the timestamp, a dot and the body, in hex."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def mail(server: MailServer, recipient: str, message: Message, now: datetime) -> EmailMessage:
    """The mail that says a message; the same message has the same ``Message-ID``."""
    found = EmailMessage()
    found["Subject"] = message.subject
    found["From"] = server.sender
    found["To"] = recipient
    found["Date"] = format_datetime(now)
    found["Message-ID"] = f"<{message.dedupe_key}@{server.sender.partition('@')[2]}>"
    found["Ksys-Dedupe-Key"] = message.dedupe_key
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(message.text)
    return found


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends on the routes of a file, with their secrets: name of a variable to its value."""

    routes: Routes
    secrets: Mapping[str, str]

    @classmethod
    def of(cls, routes: Routes, environ: Mapping[str, str]) -> Sender:
        """A sender with the secrets of an environment.

        Raises:
            ConfigError: the environment lacks some; the message names them.
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
                made = mail(server, recipient, message, now)
                await asyncio.to_thread(self._deliver, server, made)
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"mail: {_reason(error)}") from error

    def _deliver(self, server: MailServer, message: EmailMessage) -> None:
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
            if server.tls == "tls"
            else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        ) as smtp:
            if server.tls == "starttls":
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, self.secrets[server.password_env])
            smtp.send_message(message)

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
        NotSent: nobody answers, or the answer is none of 2xx.
    """
    try:
        async with (
            asyncio.timeout(TOTAL_S),
            httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client,
            # What the receiver says beside the status is not read: it may have no end.
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            taken, status = answer.is_success, answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotSent(f"webhook: {_reason(error)}") from error
    if not taken:
        raise NotSent(f"webhook: the answer was {status}")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
