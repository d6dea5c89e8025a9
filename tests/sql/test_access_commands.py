"""``ksys user``, ``ksys token`` and ``ksys audit``, as a person runs them."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import subprocess
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import given, strategies as st
from psycopg import AsyncConnection

from ksys_app import db
from ksys_app.domain.access import AUDIT_RETENTION, is_last_admin, key_of, life
from ksys_app.errors import ConfigError
from ksys_app.models.access import User
from ksys_app.ops.access import users
from ksys_app.ops.access.audit import actor
from ksys_app.ops.access.users import Changed
from ksys_app.store import access
from ksys_app.utils import credentials
from tests.conftest import RO_PASSWORD
from tests.database import TestDatabases
from tests.ksys import KSYS, ksys

SECRET = "correct horse battery"
OTHER = "another horse battery"
REASON = ("reason", "password")


@pytest.fixture(autouse=True)
async def nobody(conn: AsyncConnection) -> AsyncIterator[None]:
    """Begin and end without users and tokens."""
    yield
    await conn.execute(
        "DELETE FROM ksys.app_user; DELETE FROM ksys.session; DELETE FROM ksys.attempt;"
        " DELETE FROM ksys.token"
    )


@pytest.fixture
def operator() -> db.Database:
    pool = db.operator()
    assert pool is not None
    return pool


@pytest.fixture
async def kim(dsn: str) -> str:
    """The only admin, in a list with an operator."""
    await users.add_user(dsn, "Kim", "admin", SECRET, "test")
    await users.add_user(dsn, "Lee", "operator", SECRET, "test")
    return "Kim"


async def demote(dsn: str, name: str, by: str, **options: bool) -> Changed:
    """Make an engineer of a user."""
    return await users.set_role(dsn, name, "engineer", by, **options)


async def run(dsn: str, *words: str, typed: str = "") -> tuple[int, str, str]:
    code, out, err = await ksys(*words, typed=typed, TS_ADMIN_DSN=dsn)
    for secret in (SECRET, OTHER):
        assert secret not in out + err
    return code, out.strip(), err.strip()


async def recorded(operator: db.Database) -> tuple[str, str, str, str]:
    (row,) = await access.audit(operator, None, None, None, 1)
    return row.actor, row.via, row.action, row.subject


class TestUsers:
    async def test_the_first_admin_is_added_and_can_sign_in(
        self, dsn: str, operator: db.Database
    ) -> None:
        done = await run(
            dsn, "user", "add", " Kim ", "--role", "admin", "--password-stdin", typed=f"{SECRET}\n"
        )
        assert done == (0, "Kim can log in as admin", "")
        found = await access.attempt(operator, "kim", "")
        assert found.role == "admin"
        assert await credentials.verify_password(found.password, SECRET)
        assert await recorded(operator) == (actor(), "command", "user_added", "Kim")
        assert re.fullmatch(r".+@.+ \(command\)", actor())

    async def test_a_user_of_a_proxy_has_no_password(self, dsn: str, operator: db.Database) -> None:
        assert (await run(dsn, "user", "add", "Lee", "--role", "viewer", "--external"))[0] == 0
        assert (await access.attempt(operator, "lee", "")).password is None
        code, out, _ = await run(dsn, "user", "list")
        assert (code, "through a proxy" in out) == (0, True)

    @pytest.mark.parametrize(
        ("name", "password", "says"),
        [
            ("x" * 65, SECRET, "a name has 1 to 64 characters"),
            ("a\tb", SECRET, "only characters that can be seen"),
            ("kIM", SECRET, "there is a user 'kIM' already"),
            ("Choi", "too short", "at least 12 characters"),
            ("A Long User Name", "a long user name", "easy to guess"),
        ],
    )
    async def test_a_refused_user_is_reported_with_the_reason(
        self, dsn: str, kim: str, name: str, password: str, says: str
    ) -> None:
        with pytest.raises(ConfigError, match=says) as error:
            await users.add_user(dsn, name, "viewer", password, "test")
        assert password not in error.value.message
        assert len(await users.users(dsn)) == 2

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--password-stdin"], "at least 12 characters"),
            ([], "there is no terminal to ask for a password"),
            (["--external", "--password-stdin"], "has no password; leave out"),
        ],
    )
    async def test_a_password_comes_from_a_terminal_or_a_line(
        self, dsn: str, words: list[str], says: str
    ) -> None:
        code, out, err = await run(dsn, "user", "add", "Choi", "--role", "viewer", *words)
        assert (code, out, says in err) == (2, "", True)

    async def test_every_change_is_recorded_and_ends_the_sessions(
        self, dsn: str, kim: str, operator: db.Database
    ) -> None:
        for words, says, action, typed in (
            (("role", "lee", "engineer"), "Lee is engineer", "role_changed", ""),
            (
                ("passwd", "LEE", "--password-stdin"),
                "has a new password",
                "password_changed",
                OTHER,
            ),
            (("disable", "Lee"), "Lee is disabled", "user_disabled", ""),
            (("enable", "Lee"), "Lee is enabled", "user_enabled", ""),
            (("remove", "Lee"), "Lee is removed", "user_removed", ""),
        ):
            key = key_of(credentials.new_secret())
            session = await access.start_session(operator, key, "Lee", None, "local", "", "", None)
            code, out, err = await run(dsn, "user", *words, typed=typed)
            assert (code, err) == (0, "")
            assert says in out
            assert ("; 1 session ended" in out) == (session is not None)
            assert await access.session(operator, key) is None
            assert await recorded(operator) == (actor(), "command", action, "Lee")
        assert [user.name for user in await users.users(dsn)] == ["Kim"]

    async def test_a_command_that_would_change_nothing_says_so(
        self, dsn: str, kim: str, operator: db.Database
    ) -> None:
        key = key_of(credentials.new_secret())
        await access.start_session(operator, key, "Lee", None, "local", "", "", None)
        code, out, _ = await run(dsn, "user", "role", "lee", "operator")
        assert (code, out) == (0, "Lee is operator already; nothing was changed")
        assert (await users.enable(dsn, "lee", "test")).already
        assert await access.session(operator, key) is not None

    @pytest.mark.parametrize(
        "change", [users.remove, users.disable, demote], ids=lambda f: f.__name__
    )
    async def test_the_last_admin_stays_unless_forced(
        self, dsn: str, kim: str, change: Callable[..., Awaitable[Changed]]
    ) -> None:
        before = await users.users(dsn)
        with pytest.raises(ConfigError, match="Kim is the last admin who can log in"):
            await change(dsn, "kim", "test")
        assert await users.users(dsn) == before
        await change(dsn, "kim", "test", force=True)
        assert await users.users(dsn) != before

    async def test_force_is_an_option(self, dsn: str, kim: str) -> None:
        code, out, err = await run(dsn, "user", "remove", "kim")
        assert (code, out) == (2, "")
        assert err.endswith("make another one first, or use --force")
        assert (await run(dsn, "user", "remove", "kim", "--force"))[:2] == (0, "Kim is removed")

    async def test_two_commands_at_once_cannot_remove_both_admins(self, dsn: str, kim: str) -> None:
        await users.add_user(dsn, "Choi", "admin", None, "test")
        done = await asyncio.gather(
            users.remove(dsn, "Kim", "one"),
            users.remove(dsn, "Choi", "two"),
            return_exceptions=True,
        )
        assert sorted(isinstance(one, Exception) for one in done) == [False, True]

    @pytest.mark.parametrize(
        "change", [users.remove, users.disable, users.enable, demote], ids=lambda f: f.__name__
    )
    async def test_an_unknown_user_is_reported_with_the_existing_ones(
        self, dsn: str, kim: str, change: Callable[..., Awaitable[Changed]]
    ) -> None:
        with pytest.raises(ConfigError, match=r"^there is no user 'Choi'; there are Kim, Lee$"):
            await change(dsn, "Choi", "test")

    async def test_a_new_password_ends_a_lockout(
        self, dsn: str, kim: str, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await conn.execute("INSERT INTO ksys.attempt VALUES ('user', 'lee', 10, now())")
        assert (await access.attempt(operator, "Lee", "")).wait_s > 0
        await users.set_password(dsn, "Lee", OTHER, "test")
        assert await credentials.verify_password(
            (await access.attempt(operator, "Lee", "")).password, OTHER
        )

    async def test_the_list_as_json_has_no_password(self, dsn: str, kim: str) -> None:
        code, out, _ = await run(dsn, "user", "list", "--json")
        rows = json.loads(out)
        assert (code, [row["name"] for row in rows]) == (0, ["Kim", "Lee"])
        assert set(rows[0]) == {
            *("name", "role", "disabled", "external", "created_at", "changed_at")
        }

    async def test_an_empty_list_says_how_to_begin(self, dsn: str) -> None:
        code, _, err = await run(dsn, "user", "list")
        assert (code, err) == (0, "no users yet; begin with: ksys user add NAME --role admin")

    async def test_a_role_that_is_not_the_owner_is_refused(
        self, dsn: str, databases: TestDatabases
    ) -> None:
        reader = databases.as_role(dsn, "eco_ro", RO_PASSWORD)
        code, _, err = await run(reader, "user", "list")
        assert code == 2
        assert "permission denied for schema ksys" in err
        assert (await run("postgresql://x@127.0.0.1:9/x", "user", "list"))[0] == 3


class TestOnATerminal:
    def typing(self, dsn: str, *answers: str) -> tuple[int, str]:
        """Exit code and all that the terminal shows; each answer is typed at its prompt."""
        master, slave = pty.openpty()
        with subprocess.Popen(
            [KSYS, "user", "add", "Kim", "--role", "admin"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd="/",
            env=os.environ | {"TS_ADMIN_DSN": dsn},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        ) as process:  # fmt: skip
            os.close(slave)
            shown = b""
            for answer in answers:
                while not shown.endswith(b": "):
                    shown += os.read(master, 1000)
                os.write(master, f"{answer}\n".encode())
                shown += b"\n"
            try:
                while read := os.read(master, 1000):
                    shown += read
            except OSError:
                pass  # Linux reports the end of a terminal as an error.
        os.close(master)
        return process.returncode, shown.decode()

    async def test_the_password_is_typed_twice_and_never_shown(
        self, dsn: str, operator: db.Database
    ) -> None:
        code, shown = await asyncio.to_thread(self.typing, dsn, SECRET, OTHER)
        assert (code, "the two passwords differ" in shown) == (2, True)
        assert await users.users(dsn) == []
        code, again = await asyncio.to_thread(self.typing, dsn, SECRET, SECRET)
        assert (code, "Kim can log in as admin" in again) == (0, True)
        assert SECRET not in shown + again
        assert await credentials.verify_password(
            (await access.attempt(operator, "kim", "")).password, SECRET
        )


class TestTokens:
    async def test_the_secret_alone_is_on_standard_output_and_works(
        self, dsn: str, operator: db.Database
    ) -> None:
        code, out, err = await run(dsn, "token", "create", "grafana", "--role", "viewer")
        assert code == 0
        assert re.fullmatch(r"ksys_[\w-]{43}", out)
        assert err.startswith("valid until ")
        assert out not in err
        found = await access.token(operator, key_of(out))
        assert found is not None
        assert (found.name, found.role, found.created_by) == ("grafana", "viewer", actor())
        assert found.expires_at - found.created_at == timedelta(days=90)
        assert await recorded(operator) == (actor(), "command", "token_created", "grafana")
        code, listed, _ = await run(dsn, "token", "list")
        assert (code, "grafana" in listed, out in listed) == (0, True, False)
        code, text, _ = await run(dsn, "token", "list", "--json")
        assert set(json.loads(text)[0]) == {
            *("name", "role", "created_at", "created_by", "expires_at", "used_at", "revoked_at")
        }

    async def test_a_revoked_token_is_refused_and_its_name_is_free_again(
        self, dsn: str, operator: db.Database
    ) -> None:
        create = ("token", "create", "grafana", "--role", "viewer", "--expires", "12h")
        _, old, _ = await run(dsn, *create)
        code, out, err = await run(dsn, *create)
        assert (code, out) == (2, "")
        assert "there is a valid token 'grafana'" in err
        assert (await run(dsn, "token", "revoke", "grafana"))[:2] == (0, "grafana is revoked")
        assert await recorded(operator) == (actor(), "command", "token_revoked", "grafana")
        assert await access.token(operator, key_of(old)) is None
        assert "nothing was changed" in (await run(dsn, "token", "revoke", "grafana"))[1]
        _, new, _ = await run(dsn, *create)
        assert await access.token(operator, key_of(new)) is not None
        assert await access.token(operator, key_of(old)) is None

    async def test_a_refused_command_is_reported_with_the_reason(self, dsn: str) -> None:
        code, _, err = await run(dsn, "token", "revoke", "nobody")
        assert (code, "there is no token 'nobody'" in err) == (2, True)
        code, out, err = await run(dsn, "token", "create", "x", "--role", "viewer", "--expires=3y")
        assert (code, out, "is no time from 1h to 731d" in err) == (2, "", True)


class TestAudit:
    async def test_it_is_shown_in_order_as_a_table_and_as_json(
        self, dsn: str, kim: str, operator: db.Database
    ) -> None:
        await access.record_failure(operator, "kim", "10.1.2.3", "password")
        code, out, _ = await run(dsn, "audit")
        assert code == 0
        (line,) = (line for line in out.splitlines() if "login_failed" in line)
        assert line.split()[2:] == ["-", "local", "login_failed", "Kim", "10.1.2.3", *REASON]
        assert out.index("user_added") < out.index("login_failed")
        code, text, _ = await run(dsn, "audit", "--json")
        rows = json.loads(text)
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        assert rows[-1]["action"] == "login_failed"
        assert rows[-1]["detail"] == {"reason": "password"}

    async def test_from_and_to_bound_it(self, dsn: str, kim: str) -> None:
        tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
        assert json.loads((await run(dsn, "audit", "--from", tomorrow, "--json"))[1]) == []
        assert json.loads((await run(dsn, "audit", "--to", "2026-01-01", "--json"))[1]) == []
        assert json.loads((await run(dsn, "audit", "--to", tomorrow, "--json"))[1]) != []

    async def test_prune_counts_first_then_removes_and_leaves_its_own_entry(
        self, dsn: str, conn: AsyncConnection, operator: db.Database
    ) -> None:
        await conn.execute(
            "INSERT INTO ksys.audit (at, actor, via, action, subject, address)"
            " SELECT '2020-06-01Z'::timestamptz + n * interval '1 day', 'Kim', 'local', 'login',"
            " 'Kim', '' FROM generate_series(0, 2) AS n"
        )
        words = ("audit", "prune", "--before", "2020-06-03T00:00:00+00:00")
        code, out, _ = await run(dsn, *words)
        assert (code, out.split()[0], "would be removed" in out) == (0, "2", True)
        assert await self.of_2020(conn) == 3
        code, out, _ = await run(dsn, *words, "--apply")
        assert (code, out.startswith("2 entries before "), out.split()[-1]) == (0, True, "removed")
        assert await self.of_2020(conn) == 1
        (row,) = await access.audit(operator, None, None, None, 1)
        assert (row.actor, row.via, row.action) == (actor(), "command", "audit_pruned")
        assert row.detail == {"before": "2020-06-03T00:00:00+00:00", "rows": 2}
        assert (await run(dsn, *words, "--apply"))[1].startswith("0 entries")
        assert (await access.audit(operator, None, None, None, 1))[0].id == row.id
        with pytest.raises(psycopg.errors.IntegrityError):
            await conn.execute("DELETE FROM ksys.audit")

    async def of_2020(self, conn: AsyncConnection) -> int:
        cursor = await conn.execute("SELECT count(*) FROM ksys.audit WHERE at < '2021-01-01Z'")
        return int((await cursor.fetchone() or (0,))[0])

    async def test_the_last_days_are_never_removed(self, dsn: str, kim: str) -> None:
        recent = f"{datetime.now(UTC) - AUDIT_RETENTION + timedelta(days=2):%Y-%m-%d}"
        code, _, err = await run(dsn, "audit", "prune", "--before", recent, "--apply")
        assert (code, "the last 30 days of the audit stay" in err) == (2, True)


def user(name: str, role: str, disabled: bool) -> User:
    now = datetime(2026, 8, 1, tzinfo=UTC)
    return User(name, role, disabled, False, now, now)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.sampled_from(("viewer", "admin")), st.booleans()), max_size=5))
def test_the_last_admin_is_the_only_one_who_can_sign_in(kinds: list[tuple[str, bool]]) -> None:
    everybody = [user(f"u{n}", role, disabled) for n, (role, disabled) in enumerate(kinds)]
    for one in everybody:
        left = [u for u in everybody if u is not one and u.role == "admin" and not u.disabled]
        can = one.role == "admin" and not one.disabled
        assert is_last_admin(everybody, one.name) == (can and not left)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90d", timedelta(days=90)),
        (" 12 H", timedelta(hours=12)),
        ("2w", timedelta(weeks=2)),
        ("731d", timedelta(days=731)),
        ("732d", None),
        ("0h", None),
        ("99999w", None),
        ("1m", None),
        ("", None),
        ("d", None),
        ("1.5d", None),
    ],
)
def test_the_life_of_a_token_is_hours_days_or_weeks(text: str, span: timedelta | None) -> None:
    assert life(text) == span
