"""Receivers of messages about alarms: a mail server and an HTTP receiver on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """A real SMTP server.

    Attributes:
        port: where it listens.
        mails: the accepted mails, in order.
        refuses: the number of next mails that it refuses.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a mail, or refuse it."""
        if self.refuses:
            self.refuses -= 1
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to an address."""
        return [mail for mail in self.mails if mail["To"] == address]


@asynccontextmanager
async def mail_server(
    login: tuple[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    *,
    tls: bool = False,
) -> AsyncIterator[MailServer]:
    """A mail server.

    Args:
        login: name and password that it asks for.
        context: its certificate, for STARTTLS, which it then requires.
        tls: whether connections begin with TLS instead.
    """
    server = MailServer()

    def check(*arguments: object) -> AuthResult:
        data = arguments[-1]
        assert isinstance(data, LoginPassword)
        sent = data.login.decode(), data.password.decode()
        return AuthResult(success=sent == login, handled=False)

    def session() -> SMTP:
        return SMTP(
            server,
            hostname="localhost",
            tls_context=None if tls else context,
            require_starttls=context is not None and not tls,
            authenticator=check if login else None,
            auth_required=login is not None,
            auth_require_tls=context is not None and not tls,
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(session, "127.0.0.1", 0, ssl=context if tls else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


@dataclass
class Receiver:
    """An HTTP receiver: it answers each request with the next of ``answers``, else with 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it; the answer 0 closes the connection instead."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status = self.answers.pop(0) if self.answers else 204
        if status < 300 and status:
            self.requests.append((headers, body))
        if status:
            phrase = HTTPStatus(status).phrase
            text = f"HTTP/1.1 {status} {phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(text.encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """An HTTP receiver."""
    http_receiver = Receiver()
    listening = await asyncio.start_server(http_receiver.serve, "127.0.0.1", 0)
    http_receiver.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/alarms"
    try:
        yield http_receiver
    finally:
        listening.close()
