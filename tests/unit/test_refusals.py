"""The cause of a refused connection comes from its code, not from its message."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from ksys_app.db import Database
from ksys_app.driver import command, pool, refusal
from ksys_app.driver.failures import BY_SQLSTATE
from ksys_app.errors import ConfigError, DatabaseUnreachable, KsysError
from ksys_app.settings import load_settings
from tests.refusing import Peer, fatal, refusing
from tests.waiting import HANGS_S

# No host has a name of more than 253 characters. So no name server is asked, which may be slow.
TOO_LONG = ".".join(["no-such-host"] * 24)


@dataclass(frozen=True)
class Row:
    one: int


CASES = {
    "28P01": ("사용자 인증을 실패했습니다", ConfigError, "refuses the password of 'eco_ro'"),
    "28000": ("롤 없음", ConfigError, "does not let 'eco_ro' in ("),
    "3D000": ("데이터베이스 없음", ConfigError, "has no such database"),
    "42501": ("권한 없음", ConfigError, "grant CONNECT on it"),
    "53300": ("접속자가 너무 많음", DatabaseUnreachable, "lower KSYS_POOL_MAX"),
    "57P03": ("데이터베이스 시스템이 시작 중입니다", DatabaseUnreachable, "try again in a moment"),
    "08P01": ("지원하지 않음", DatabaseUnreachable, "the pooler at eco_ro @ 127.0.0.1"),
    "58030": ("입출력 오류", DatabaseUnreachable, "refuses the connection ("),
}


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with refusing() as peer:
        yield peer


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time of the product ends on a busy machine, where it would give another error."""
    monkeypatch.setattr(refusal, "TRACE_S", HANGS_S)
    monkeypatch.setattr(pool, "CONNECT_S", HANGS_S)


def database_of(peer: Peer) -> Database:
    settings = load_settings().model_copy(update={"statement_timeout_ms": HANGS_S * 1000})
    return Database(peer.dsn(), settings)


async def connect(dsn: str) -> None:
    """Connect as a command does, which fails."""
    await command.connect(dsn, timeout_s=HANGS_S)


def test_every_code_that_has_a_sentence_is_tried() -> None:
    assert set(BY_SQLSTATE) < set(CASES)


@pytest.mark.parametrize("encoding", ["utf-8", "euc-kr"])
@pytest.mark.parametrize("code", CASES)
async def test_a_command_names_the_cause(peer: Peer, code: str, encoding: str) -> None:
    words, kind, sentence = CASES[code]
    peer.response = fatal(code, words, encoding)
    with pytest.raises(KsysError) as caught:
        await connect(peer.dsn())
    assert type(caught.value) is kind
    assert sentence in caught.value.message
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("code", CASES)
async def test_the_app_names_it_as_well_and_is_without_a_database_whatever_it_is(
    peer: Peer, code: str
) -> None:
    words, _, sentence = CASES[code]
    peer.response = fatal(code, words)
    database = database_of(peer)
    for _ in range(3):
        with pytest.raises(DatabaseUnreachable) as caught:
            await database.fetch_all(Row, "SELECT 1 AS one", {})
        assert sentence in caught.value.message
    assert peer.connections == 4, "a known cause is not searched again"
    await database.close()


async def test_a_refusal_that_changes_is_looked_into_again(peer: Peer) -> None:
    database = database_of(peer)
    for code in ("57P03", "28P01"):
        words, _, sentence = CASES[code]
        peer.response = fatal(code, words)
        with pytest.raises(DatabaseUnreachable) as caught:
            await database.fetch_all(Row, "SELECT 1 AS one", {})
        assert sentence in caught.value.message
    await database.close()


async def test_the_loss_is_one_line_of_the_log_without_a_secret(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.response = fatal("28P01", CASES["28P01"][0])
    database = database_of(peer)
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            with pytest.raises(DatabaseUnreachable):
                await database.fetch_all(Row, "SELECT 1 AS one", {})
    lines = [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.INFO and record.name.startswith(("ksys", "psycopg"))
    ]
    assert len(lines) == 1
    assert lines[0].startswith("db_fail ")
    assert "secret" not in caplog.text
    await database.close()


async def test_a_refusal_after_the_password_is_reported_like_one_before(peer: Peer) -> None:
    peer.response, peer.asks_password = fatal("28P01", "비밀번호 틀림"), True
    with pytest.raises(ConfigError, match="refuses the password of 'eco_ro'"):
        await connect(peer.dsn())


async def test_a_password_that_the_dsn_lacks_is_requested(peer: Peer) -> None:
    peer.asks_password = True
    dsn = f"postgresql://eco_ro@127.0.0.1:{peer.port}/plant"
    with pytest.raises(ConfigError, match="asks for the password of 'eco_ro'"):
        await connect(f"{dsn}?passfile=/nonexistent")


async def test_a_server_without_tls_is_distinguished_from_one_that_is_not_there(peer: Peer) -> None:
    with pytest.raises(ConfigError, match=r"makes no TLS connection .* check sslmode"):
        await connect(peer.dsn("?sslmode=require"))


async def test_who_hangs_up_without_a_word_does_not_answer(peer: Peer) -> None:
    peer.hangs_up = True
    with pytest.raises(DatabaseUnreachable, match="does not answer"):
        await connect(peer.dsn())


async def test_a_port_where_nothing_listens_and_a_host_that_is_not_known() -> None:
    with pytest.raises(DatabaseUnreachable, match="the DSN's host and port"):
        await connect("postgresql://eco_ro@127.0.0.1:9/plant")
    with pytest.raises(DatabaseUnreachable, match=r"check the DSN's host$"):
        await connect(f"postgresql://eco_ro@{TOO_LONG}/plant")
