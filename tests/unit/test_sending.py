"""Mails over a real SMTP server and requests to a real receiver (PRD §32.10)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ksys_app.errors import ConfigError
from ksys_app.models.notify import MailServer as Server, Route, Routes
from ksys_app.texts.alarm_messages import LISTED, compose, trial
from ksys_app.workers.notify import send
from ksys_app.workers.notify.send import NotSent, Sender, post
from tests.ksys import ksys
from tests.receivers import mail_server, receiver
from tests.unit.test_notify import NOW, row
from tests.waiting import HANGS_S

MAIL = Route("shift", "smtp", ("a@plant",))
HOOK = Route("hook", "webhook", ("hook",), key_env="KEY")
LOGIN = ("alarms", "s3cret-of-mail")
SEOUL = ZoneInfo("Asia/Seoul")
COMMAND = """
[smtp]
host = "127.0.0.1"
port = {port}
from = "ksys@plant"
tls = "none"
[[route]]
name = "shift"
language = "ko"
kind = "smtp"
recipients = ["a@plant", "b@plant"]
[[route]]
name = "hook"
kind = "webhook"
url = "{url}"
key_env = "HOOK_KEY"
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    pem = serialization.Encoding.PEM
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(pem, form, none) + signed.public_bytes(pem))
    return file


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    tls_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls_context.load_cert_chain(certificate)
    return tls_context


def sender(port: int, tls: Literal["starttls", "tls", "none"], password: str = LOGIN[1]) -> Sender:
    server = Server("localhost", port, "ksys@plant", tls, LOGIN[0], "PASSWORD")
    return Sender.of(Routes({"shift": MAIL}, server), {"PASSWORD": password})


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_mail_goes_over_tls_with_a_password(
    context: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    tls: Literal["starttls", "tls"],
) -> None:
    async with mail_server(LOGIN, context, tls=tls == "tls") as server:
        mail = compose([row(title="반응기", level="HH", priority=2)], SEOUL, "ko")
        with pytest.raises(NotSent, match="certificate verify failed"):
            await sender(server.port, tls).send(MAIL, "a@plant", mail, NOW)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(NotSent, match="SMTPAuthenticationError") as error:
            await sender(server.port, tls, "wrong-one").send(MAIL, "a@plant", mail, NOW)
        assert "wrong-one" not in str(error.value)
        await sender(server.port, tls).send(MAIL, "a@plant", mail, NOW)
        (accepted,) = server.mails
        assert accepted["Subject"] == "[Ksys] 발생, 높음: D100 반응기, 상한 위험(HH) (키 key)"
        assert "발생: 2026-08-14 19:00:00" in accepted.get_content()


async def test_a_mail_is_never_sent_in_the_clear_where_tls_is_asked_for() -> None:
    async with mail_server() as server:
        mail = trial("shift", NOW, "en")
        with pytest.raises(NotSent, match="STARTTLS extension not supported"):
            await sender(server.port, "starttls").send(MAIL, "a@plant", mail, NOW)
        assert server.mails == []


async def test_a_webhook_that_leads_elsewhere_is_not_followed() -> None:
    async with receiver() as hook:
        route = replace(HOOK, url=hook.url)
        hook.answers = [307]
        with pytest.raises(NotSent, match="the answer was 307"):
            await Sender.of(Routes({"hook": route}), {"KEY": "k"}).send(
                route, "hook", trial("hook", NOW, "en"), NOW
            )


HEAD: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


@asynccontextmanager
async def endless(begin: bytes, part: bytes) -> AsyncIterator[int]:
    """A server that sends ``begin``, and then ``part`` again and again; yields its port."""

    writers: list[asyncio.StreamWriter] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError):
            writer.write(begin)
            while not writer.is_closing():
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        # A client may still be reading, in a thread of its own.
        for writer in writers:
            writer.close()


async def test_an_answer_without_an_end_is_not_read() -> None:
    async with endless(HEAD + b"\r\n", b"4\r\nmore\r\n") as port:
        await post(f"http://127.0.0.1:{port}/", b"", {})


async def test_a_server_that_dawdles_keeps_nobody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its bytes comes in time."""
    monkeypatch.setattr(send, "TOTAL_S", 0.3)
    async with endless(HEAD, b"X: y\r\n") as port:
        with pytest.raises(NotSent, match="webhook: TimeoutError"):
            await post(f"http://127.0.0.1:{port}/", b"", {})
    async with endless(b"", b"220-more\r\n") as port:
        mail = sender(port, "none").send
        sent = [mail(MAIL, "a@plant", trial("shift", NOW, "en"), NOW) for _ in range(40)]
        for error in await asyncio.gather(*sent, return_exceptions=True):
            assert isinstance(error, NotSent)
            assert str(error).startswith("mail: TimeoutError")
        # No thread goes on with them: the worker has at most 32 for everything.
        assert await asyncio.wait_for(asyncio.to_thread(int), HANGS_S) == 0


def test_a_secret_that_the_environment_lacks_is_named() -> None:
    with pytest.raises(ConfigError, match="KSYS_ROUTES names KEY, which the environment"):
        Sender.of(Routes({"hook": HOOK}), {"KEY": ""})


def test_a_long_digest_names_the_first_alarms_and_counts_the_others() -> None:
    rows = [row(dedupe_key=str(number), tag_name=f"T{number}") for number in range(LISTED + 5)]
    mail = compose(rows, SEOUL, "en")
    assert mail.subject.startswith("[Ksys] 205 alarms: Raised 205 (key ")
    assert "and 5 more" in mail.text
    assert len(mail.events) == 205
    korean = compose(rows, SEOUL, "ko")
    assert korean.dedupe_key == mail.dedupe_key
    assert korean.subject.startswith("[Ksys] 알람 205건: 발생 205건 (키 ")


def test_the_length_of_a_silence_is_in_seconds_and_not_in_the_unit_of_the_tag() -> None:
    silent = row(condition="GAP", value=300.0, limit_value=300.0, unit="bar", cause="Cable")
    assert compose([silent], SEOUL, "ko").text.splitlines()[2:4] == [
        "값 300초, 한계 300초",
        "원인: Cable",
    ]
    assert "D100, No signal\nRaised:" in compose([silent], SEOUL, "en").text


def test_a_name_with_a_line_break_makes_no_header_of_its_own() -> None:
    mail = compose([row(tag_name="D1\r\nBcc: x@y", value=float("nan"))], SEOUL, "en")
    assert "\n" not in mail.subject
    assert mail.events[0]["value"] is None


async def test_the_command_sends_a_test_to_each_recipient(tmp_path: Path) -> None:
    file = tmp_path / "routes.toml"
    async with mail_server() as server, receiver() as hook:
        file.write_text(COMMAND.format(port=server.port, url=hook.url))
        settings = {"KSYS_ROUTES": str(file), "HOOK_KEY": "k"}
        code, output, _ = await ksys("notify", "test", "shift", **settings)
        assert (code, output.count("sent")) == (0, 2)
        assert {mail["To"] for mail in server.mails} == {"a@plant", "b@plant"}
        assert "전송 시험: shift" in server.mails[0]["Subject"]
        hook.answers = [503]
        code, output, _ = await ksys("notify", "test", "hook", **settings)
        assert code == 1
        assert "the answer was 503" in output
        code, _, output = await ksys("notify", "test", "other", **settings)
        assert code == 2
        assert "it has shift, hook" in output
        code, _, output = await ksys("notify", "test", "hook", **settings | {"HOOK_KEY": ""})
        assert code == 2
        assert "HOOK_KEY" in output


async def test_without_a_file_of_routes_there_is_nothing_to_run() -> None:
    code, _, errors = await ksys("notify", "run", KSYS_ROUTES="")
    assert code == 2
    assert "KSYS_ROUTES is not set" in errors
