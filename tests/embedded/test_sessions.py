"""Every connection has its own role and settings, although the engine has one session."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg import errors

from ksys_app.ops.embedded import EmbeddedDatabase
from tests.embedded.conftest import PASSWORD, Connect, value


async def test_the_options_of_a_connection_are_its_own(connect: Connect) -> None:
    guarded = await connect(
        options="-c statement_timeout=2s -c default_transaction_read_only=on --timezone=Asia/Seoul",
        application_name="guarded",
    )
    plain = await connect()
    for _ in range(2):
        assert await value(guarded, "SHOW statement_timeout") == "2s"
        assert await value(guarded, "SHOW TimeZone") == "Asia/Seoul"
        assert await value(guarded, "SHOW application_name") == "guarded"
        assert await value(plain, "SHOW statement_timeout") == "0"
        assert await value(plain, "SHOW TimeZone") == "UTC"
        assert await value(plain, "SHOW application_name") == ""
    with pytest.raises(errors.ReadOnlySqlTransaction):
        await guarded.execute("INSERT INTO note VALUES (1, 'a')")
    await plain.execute("INSERT INTO note VALUES (1, 'a')")


async def test_a_new_connection_starts_as_postgresql_would(connect: Connect) -> None:
    conn = await connect()
    for setting, expected in {
        "enable_seqscan": "on",
        "client_min_messages": "notice",
        "search_path": '"$user", public',
        "transaction_isolation": "read committed",
        "server_encoding": "UTF8",
    }.items():
        assert await value(conn, f"SHOW {setting}") == expected
    assert conn.info.server_version == 170005
    assert conn.info.encoding == "utf-8"
    assert conn.info.parameter_status("is_superuser") == "on"


@pytest.mark.parametrize(
    "change",
    [
        "SET work_mem = '9MB'",
        "SELECT set_config('work_mem', '9MB', false)",
        "DO $$ BEGIN SET work_mem = '9MB'; END $$",
        "SET ksys.zone = 'Asia/Seoul'; SET work_mem = '9MB'",
    ],
)
async def test_what_a_connection_sets_stays_with_it(connect: Connect, change: str) -> None:
    setting, other = await connect(), await connect()
    await setting.execute(change)
    assert await value(other, "SHOW work_mem") == "4MB"
    assert await value(setting, "SHOW work_mem") == "9MB"


async def test_settings_with_a_prefix_of_their_own_are_kept_too(connect: Connect) -> None:
    setting, other = await connect(), await connect()
    await setting.execute("SET ksys.zone = 'Asia/Seoul'")
    assert not await value(other, "SELECT current_setting('ksys.zone', true)")
    assert await value(setting, "SHOW ksys.zone") == "Asia/Seoul"


async def test_a_local_setting_ends_with_its_transaction(connect: Connect) -> None:
    setting, other = await connect(), await connect()
    async with setting.transaction():
        await setting.execute("SET LOCAL work_mem = '9MB'")
        assert await value(setting, "SHOW work_mem") == "9MB"
    assert await value(other, "SHOW work_mem") == "4MB"
    assert await value(setting, "SHOW work_mem") == "4MB"


async def test_a_search_path_of_several_schemas_comes_back_as_it_was(connect: Connect) -> None:
    setting, other = await connect(), await connect()
    await setting.execute('SET search_path = public, "$user", pg_catalog')
    await value(other, "SELECT 1")
    assert await value(setting, "SHOW search_path") == 'public, "$user", pg_catalog'


async def test_a_reset_goes_back_to_what_the_connection_started_with(connect: Connect) -> None:
    conn = await connect(options="-c work_mem=5MB -c TimeZone=Asia/Seoul")
    await conn.execute("SET work_mem = '9MB'")
    await conn.execute("RESET work_mem")
    assert await value(conn, "SHOW work_mem") == "5MB"
    await conn.execute("SET TimeZone = 'Europe/Berlin'")
    await conn.execute("RESET ALL")
    assert await value(conn, "SHOW TimeZone") == "Asia/Seoul"
    await conn.execute("SET work_mem = '9MB'")
    await conn.execute("DISCARD ALL")
    assert await value(conn, "SHOW work_mem") == "5MB"


async def test_a_setting_of_a_pipeline_ends_with_it(connect: Connect) -> None:
    one, other = await connect(), await connect()
    await one.execute("SET work_mem = '9MB'")
    for setting in ("work_mem", "transaction_read_only"):
        inside = one.cursor()
        async with one.pipeline():
            await one.execute(
                "SELECT set_config('work_mem', %s, true),"
                " set_config('transaction_read_only', 'on', true)",
                ("5MB",),
            )
            await inside.execute(f"SHOW {setting}")  # type: ignore[arg-type]
        assert await inside.fetchone() in (("5MB",), ("on",))
        assert await value(other, "SHOW work_mem") == "4MB"
        assert await value(one, "SHOW work_mem") == "9MB"
        assert await value(one, "SHOW transaction_read_only") == "off"
    await one.execute("INSERT INTO note VALUES (1, 'a')")


async def test_the_client_is_informed_of_settings_that_it_needs(connect: Connect) -> None:
    conn = await connect()
    assert conn.info.parameter_status("TimeZone") == "UTC"
    await conn.execute("SET TimeZone = 'Asia/Seoul'")
    assert conn.info.parameter_status("TimeZone") == "Asia/Seoul"
    await conn.execute("RESET TimeZone")
    assert conn.info.parameter_status("TimeZone") == "UTC"


async def test_an_unknown_setting_in_the_options_is_refused(connect: Connect) -> None:
    with pytest.raises(psycopg.OperationalError, match='unrecognized configuration parameter "no"'):
        await connect(options="-c no=thing")
    with pytest.raises(psycopg.OperationalError, match="invalid command-line argument"):
        await connect(options="-Z")


async def test_settings_of_the_role_apply_to_its_connections(connect: Connect) -> None:
    assert await value(await connect(user="reader"), "SHOW work_mem") == "7MB"
    assert await value(await connect(), "SHOW work_mem") == "4MB"
    mine = await connect(user="reader", options="-c work_mem=8MB")
    assert await value(mine, "SHOW work_mem") == "8MB"


async def test_a_role_can_do_what_it_was_granted_and_nothing_more(connect: Connect) -> None:
    reader, owner = await connect(user="reader"), await connect()
    for _ in range(2):
        assert await value(reader, "SELECT current_user") == "reader"
        assert await value(reader, "SELECT count(*) FROM note") == 0
        with pytest.raises(errors.InsufficientPrivilege):
            await reader.execute("INSERT INTO note VALUES (1, 'a')")
        with pytest.raises(errors.InsufficientPrivilege):
            await reader.execute("SELECT * FROM secret")
        assert await value(owner, "SELECT current_user") == "postgres"
        assert await value(owner, "SELECT count(*) FROM secret") == 0


@pytest.mark.parametrize(
    "attempt",
    [
        "SET SESSION AUTHORIZATION postgres",
        "SET SESSION /* a */ AUTHORIZATION postgres",
        "SET session_authorization = postgres",
        "SELECT set_config('session_authorization', 'postgres', false)",
        "DO $$ BEGIN SET SESSION AUTHORIZATION postgres; END $$",
    ],
)
async def test_a_role_cannot_make_itself_the_owner(connect: Connect, attempt: str) -> None:
    reader = await connect(user="reader")
    with pytest.raises(errors.InsufficientPrivilege, match="set session authorization"):
        await reader.execute(attempt)
    with pytest.raises(errors.InsufficientPrivilege):
        await reader.execute("SET ROLE postgres")
    assert await value(reader, "SELECT current_user") == "reader"


async def test_an_owner_can_act_as_another_role_and_return(connect: Connect) -> None:
    owner, other = await connect(), await connect()
    await owner.execute("SET SESSION AUTHORIZATION reader")
    assert await value(other, "SELECT current_user") == "postgres"
    assert await value(owner, "SELECT current_user") == "reader"
    await owner.execute("RESET SESSION AUTHORIZATION")
    assert await value(owner, "SELECT current_user") == "postgres"
    await owner.execute("SET SESSION AUTHORIZATION reader")
    await owner.execute("DISCARD ALL")
    assert await value(owner, "SELECT current_user") == "postgres"
    await owner.execute("SET ROLE reader")
    assert await value(other, "SELECT current_user") == "postgres"
    assert await value(owner, "SELECT current_user") == "reader"


async def test_a_role_with_a_password_must_give_it(connect: Connect) -> None:
    conn = await connect(user="guarded", password=PASSWORD)
    assert await value(conn, "SELECT current_user") == "guarded"
    for wrong in ("wrong", PASSWORD + "x"):
        with pytest.raises(
            psycopg.OperationalError, match='password authentication failed for user "guarded"'
        ):
            await connect(user="guarded", password=wrong)
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        await connect(user="guarded")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        await connect(user="expired", password=PASSWORD)


async def test_a_changed_password_counts_at_once(connect: Connect) -> None:
    owner = await connect()
    try:
        await owner.execute("ALTER ROLE guarded PASSWORD 'new ünïcode'")
        await connect(user="guarded", password="new ünïcode")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            await connect(user="guarded", password=PASSWORD)
        await owner.execute("SET password_encryption = 'md5'; ALTER ROLE guarded PASSWORD 'older'")
        await connect(user="guarded", password="older")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            await connect(user="guarded", password="wrong")
    finally:
        await owner.execute("RESET password_encryption")
        await owner.execute(f"ALTER ROLE guarded PASSWORD '{PASSWORD}'")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"user": "nobody"}, 'role "nobody" does not exist'),
        ({"user": "nologin"}, 'role "nologin" is not permitted to log in'),
        ({"dbname": "EcoAnP"}, 'database "EcoAnP" does not exist'),
        ({"user": "reader", "dbname": ""}, 'database "reader" does not exist'),
    ],
)
async def test_an_unknown_role_or_database_is_refused(
    shared: EmbeddedDatabase, parameters: dict[str, str], message: str
) -> None:
    settings = {"host": "127.0.0.1", "port": shared.port, "user": "postgres", "dbname": "postgres"}
    with pytest.raises(psycopg.OperationalError, match=message):
        await psycopg.AsyncConnection.connect("", **(settings | parameters))


async def test_a_connection_whose_role_was_dropped_ends(connect: Connect) -> None:
    owner = await connect()
    await owner.execute("CREATE ROLE brief LOGIN")
    brief = await connect(user="brief")
    await owner.execute("DROP ROLE brief")
    with pytest.raises(psycopg.Error, match='role "brief" does not exist'):
        await brief.execute("SELECT 1")
    assert await value(owner, "SELECT 1") == 1


async def test_settings_hold_while_many_connections_take_turns(connect: Connect) -> None:
    async def work(number: int) -> None:
        conn = await connect(options=f"-c statement_timeout={number + 1}s")
        for _ in range(30):
            assert await value(conn, "SHOW statement_timeout") == f"{number + 1}s"

    await asyncio.gather(*(work(number) for number in range(6)))
