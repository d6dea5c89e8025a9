"""Sessions, tokens, failed attempts and the audit, with the real functions as ``eco_op``.

To let time pass, the owner moves times of rows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from ksys_app import db
from ksys_app.domain.access import (
    ABSOLUTE,
    ADDRESS_FAILURES,
    ADDRESS_FORGET,
    ADDRESS_MANY,
    IDLE,
    LOCKS_AFTER,
    address_wait_s,
    key_of,
    wait_s,
)
from ksys_app.errors import AuthRequired, BadParameter, Forbidden, RateLimited
from ksys_app.models.access import Session
from ksys_app.models.visitor import Visitor
from ksys_app.services.access import MOST_REFUSALS, Access
from ksys_app.store import access
from ksys_app.utils import credentials
from ksys_app.utils.credentials import new_secret

HOME = "10.1.2.3"
AGENT = "Mozilla/5.0"


@pytest.fixture
def operator() -> db.Database:
    pool = db.operator()
    assert pool is not None, "the runtime of the tests has TS_OPERATOR_DSN"
    return pool


@pytest.fixture(autouse=True)
async def users(conn: AsyncConnection) -> AsyncIterator[None]:
    """Kim is an engineer with a password, Lee an external operator."""
    await conn.execute(
        "INSERT INTO ksys.app_user (name, role, password)"
        " VALUES ('Kim', 'engineer', 'hash of Kim'), ('Lee', 'operator', NULL)"
    )
    yield
    await conn.execute(
        "DELETE FROM ksys.app_user; DELETE FROM ksys.session; DELETE FROM ksys.attempt;"
        " DELETE FROM ksys.token"
    )


async def sign_in(
    operator: db.Database, user: str = "kim", via: str = "local", old: bytes | None = None
) -> tuple[bytes, Session | None]:
    key = key_of(new_secret())
    session = await access.start_session(operator, key, user, None, via, HOME, AGENT, old)
    return key, session


async def actions(operator: db.Database) -> list[str]:
    return [row.action for row in await access.audit(operator, None, None, None, 1000)]


async def newest(operator: db.Database) -> tuple[str, str, str, str, str]:
    (row,) = await access.audit(operator, None, None, None, 1)
    return row.action, row.actor, row.via, row.subject, row.address


async def since(conn: AsyncConnection, table: str, column: str, ago: str) -> None:
    """Move a time of every row of a table into the past."""
    await conn.execute(f"UPDATE ksys.{table} SET {column} = now() - interval '{ago}'")


class TestSessions:
    async def test_a_login_starts_one_and_its_key_finds_it(self, operator: db.Database) -> None:
        key, session = await sign_in(operator)
        assert session is not None
        assert (session.user, session.role, session.via) == ("Kim", "engineer", "local")
        assert (session.address, session.agent, session.id) == (HOME, AGENT, key.hex()[:12])
        assert session.expires_at - session.created_at == ABSOLUTE
        assert await access.session(operator, key) == session
        assert await access.session(operator, key_of("another")) is None
        assert await newest(operator) == ("login", "Kim", "local", "Kim", HOME)

    async def test_a_login_ends_the_session_that_the_browser_had(
        self, operator: db.Database
    ) -> None:
        old, _ = await sign_in(operator)
        new, _ = await sign_in(operator, old=old)
        assert await access.session(operator, old) is None
        assert await access.session(operator, new) is not None

    async def test_two_logins_at_once_are_two_sessions(self, operator: db.Database) -> None:
        both = await asyncio.gather(sign_in(operator), sign_in(operator))
        assert {session.id for _, session in both if session} == {key.hex()[:12] for key, _ in both}
        assert len({one.id for one in await access.sessions(operator)}) == 2

    async def test_a_session_that_nobody_used_for_a_shift_has_ended(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        key, _ = await sign_in(operator)
        await since(conn, "session", "seen_at", "11 hours 59 minutes")
        found = await access.session(operator, key)
        assert found is not None, "still inside the shift, and used again from now on"
        assert found.seen_at > found.created_at - timedelta(minutes=1)
        await since(conn, "session", "seen_at", "12 hours")
        assert await access.session(operator, key) is None
        assert await access.sessions(operator) == []
        await sign_in(operator)
        cursor = await conn.execute("SELECT key FROM ksys.session WHERE key = %s", (key,))
        assert await cursor.fetchall() == [], "the next login removes what has ended"

    async def test_a_session_in_use_ends_after_a_week(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        key, _ = await sign_in(operator)
        await conn.execute("UPDATE ksys.session SET expires_at = now()")
        assert await access.session(operator, key) is None
        assert await access.sessions(operator) == []

    async def test_use_is_written_once_a_minute(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        key, session = await sign_in(operator)
        again = await access.session(operator, key)
        assert session is not None
        assert again is not None
        assert again.seen_at == session.seen_at
        await since(conn, "session", "seen_at", "61 seconds")
        later = await access.session(operator, key)
        assert later is not None
        assert later.seen_at >= session.seen_at

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE ksys.app_user SET role = 'viewer' WHERE name = 'Kim'",
            "UPDATE ksys.app_user SET disabled = true WHERE name = 'Kim'",
            "UPDATE ksys.app_user SET password = 'new', changed_at = now() WHERE name = 'Kim'",
            "DELETE FROM ksys.app_user WHERE name = 'Kim'",
        ],
        ids=["role", "disabled", "password", "removed"],
    )
    async def test_a_change_of_a_user_ends_the_sessions_of_this_user_only(
        self, operator: db.Database, conn: AsyncConnection, change: str
    ) -> None:
        one, other = (await sign_in(operator))[0], (await sign_in(operator))[0]
        lee, _ = await sign_in(operator, "Lee", "proxy")
        await conn.execute(change)
        assert await access.session(operator, one) is None
        assert await access.session(operator, other) is None
        assert await access.session(operator, lee) is not None

    async def test_a_change_while_somebody_signs_in_ends_that_session_too(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        """Nobody keeps the old role, whichever comes first."""
        (key, _), _ = await asyncio.gather(
            sign_in(operator),
            conn.execute("UPDATE ksys.app_user SET role = 'viewer' WHERE name = 'Kim'"),
        )
        found = await access.session(operator, key)
        assert found is None or found.role == "viewer"

    async def test_a_disabled_or_unknown_person_gets_none(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await conn.execute("UPDATE ksys.app_user SET disabled = true")
        assert (await sign_in(operator))[1] is None
        assert (await sign_in(operator, "LEE", "proxy"))[1] is None
        assert (await sign_in(operator, "nobody"))[1] is None
        assert await access.sessions(operator) == []

    async def test_the_list_gives_the_role_unless_an_identity_provider_does(
        self, operator: db.Database
    ) -> None:
        key = key_of(new_secret())
        lee = await access.start_session(operator, key, "lee", None, "proxy", HOME, "", None)
        assert lee is not None
        assert (lee.user, lee.role) == ("Lee", "operator")
        key = key_of(new_secret())
        lee = await access.start_session(operator, key, "lee", "viewer", "oidc", HOME, "", None)
        assert lee is not None
        assert (lee.user, lee.role) == ("Lee", "viewer")
        key = key_of(new_secret())
        park = await access.start_session(operator, key, "Park", "viewer", "oidc", HOME, "", None)
        assert park is not None
        assert (park.user, park.role) == ("Park", "viewer")
        assert await access.session(operator, key) == park
        assert (await sign_in(operator, "Choi", "oidc"))[1] is None

    async def test_a_row_that_is_added_later_shuts_out_a_person_of_a_provider(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        for change in (
            "UPDATE ksys.app_user SET disabled = true WHERE name = 'PARK'",
            "DELETE FROM ksys.app_user WHERE name = 'PARK'",
        ):
            key = key_of(new_secret())
            await access.start_session(operator, key, "park", "viewer", "oidc", HOME, "", None)
            await conn.execute("INSERT INTO ksys.app_user (name, role) VALUES ('PARK', 'viewer')")
            assert await access.session(operator, key) is not None
            await conn.execute(change)
            assert await access.session(operator, key) is None
            assert await access.active_keys(operator, [key]) == []
            assert await access.sessions(operator) == []
            await conn.execute("DELETE FROM ksys.app_user WHERE name = 'PARK'")

    async def test_the_own_password_needs_the_old_one(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        stored = await credentials.hash_password("turbine 77 valve")
        await conn.execute("UPDATE ksys.app_user SET password = %s WHERE name = 'Kim'", (stored,))
        people = Access(operator)
        elsewhere = await people.log_in("kim", "turbine 77 valve", HOME, AGENT, None)
        here = await people.log_in("kim", "turbine 77 valve", HOME, AGENT, None)
        lee = (await sign_in(operator, "lee", "proxy"))[0]

        async def change(old: str, new: str) -> str:
            return await people.change_password("Kim", old, new, HOME, AGENT, key_of(here))

        with pytest.raises(BadParameter, match="easy to guess, because it is a common password"):
            await change("turbine 77 valve", "password1234")
        with pytest.raises(Forbidden, match="the old password is wrong"):
            await change("turbine 78 valve", "grey heron at noon")
        assert await newest(operator) == ("login_failed", "", "local", "Kim", HOME)
        assert await people.by_cookie(elsewhere) is not None
        secret = await change("turbine 77 valve", "grey heron at noon")
        for ended in (here, elsewhere):
            assert await access.session(operator, key_of(ended)) is None
        assert await access.session(operator, lee) is not None
        visitor = await people.by_cookie(secret)
        assert visitor is not None
        assert (visitor.name, visitor.role) == ("Kim", "engineer")
        assert (await actions(operator))[:2] == ["login", "password_changed"]
        with pytest.raises(AuthRequired):
            await people.log_in("kim", "turbine 77 valve", HOME, AGENT, None)
        await people.log_in("kim", "grey heron at noon", HOME, AGENT, None)
        for _ in range(3):
            with pytest.raises(Forbidden):
                await change("turbine 77 valve", "turbine 79 valve")
        # The wait is a second, which the check of a password may take on a busy machine.
        await conn.execute(
            "UPDATE ksys.attempt SET last_at = now() + interval '1 hour' WHERE kind = 'user'"
        )
        with pytest.raises(RateLimited):
            await change("grey heron at noon", "turbine 79 valve")

    async def test_logging_out_ends_it_once(self, operator: db.Database) -> None:
        key, _ = await sign_in(operator)
        await access.end_session(operator, key, "logout")
        assert await access.session(operator, key) is None
        await access.end_session(operator, key, "logout")
        assert (await actions(operator))[:2] == ["logout", "login"]

    async def test_an_admin_ends_the_session_of_another_person(self, operator: db.Database) -> None:
        key, session = await sign_in(operator)
        assert session is not None
        assert await access.revoke(operator, session.id, "Choi", "10.9.9.9") == 1
        assert await newest(operator) == ("session_revoked", "Choi", "local", "Kim", "10.9.9.9")
        assert await access.session(operator, key) is None
        assert await access.revoke(operator, session.id, "Choi", "10.9.9.9") == 0

    async def test_a_newer_hash_of_the_same_password_ends_none(self, operator: db.Database) -> None:
        key, _ = await sign_in(operator)
        await access.rehash(operator, "kim", "hash of Kim", "newer hash")
        assert (await access.attempt(operator, "Kim", HOME)).password == "newer hash"
        assert await access.session(operator, key) is not None
        await access.rehash(operator, "kim", "hash of Kim", "not written")
        assert (await access.attempt(operator, "Kim", HOME)).password == "newer hash"


class TestAttempts:
    async def test_the_hash_and_the_role_are_those_of_the_user(self, operator: db.Database) -> None:
        found = await access.attempt(operator, " kIM ", HOME)
        assert (found.password, found.role, found.wait_s) == ("hash of Kim", "engineer", 0)

    @pytest.mark.parametrize("name", ["nobody", "Lee", "", "x" * 5000, "a'; --", "\u202e"])
    async def test_a_user_without_a_password_is_answered_like_an_unknown_one(
        self, operator: db.Database, name: str
    ) -> None:
        found = await access.attempt(operator, name, HOME)
        assert (found.password, found.role, found.wait_s) == (None, None, 0)

    async def test_a_disabled_user_is_unknown(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await conn.execute("UPDATE ksys.app_user SET disabled = true")
        assert (await access.attempt(operator, "Kim", HOME)).password is None

    async def fail(self, operator: db.Database, conn: AsyncConnection, times: int, **who: str):
        """Failures of a user or from an address, without the waits of a user between them."""
        for number in range(times):
            name, address = who.get("name", f"n{number}"), who.get("address", f"10.0.0.{number}")
            assert (await access.attempt(operator, name, address)).wait_s == 0
            await access.record_failure(operator, name, address, "password")
            await conn.execute(
                "UPDATE ksys.attempt SET last_at = now() - interval '31 seconds'"
                " WHERE kind = 'user'"
            )

    async def test_ten_failures_lock_a_user_for_a_quarter_of_an_hour(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await self.fail(operator, conn, LOCKS_AFTER, name="Kim")
        await conn.execute(
            "UPDATE ksys.attempt SET last_at = now() + interval '1 hour' WHERE kind = 'user'"
        )
        locked = await access.attempt(operator, "Kim", "10.0.0.200")
        assert locked.password is None, "the right password does not help either"
        assert locked.wait_s == 900
        row = next(
            row
            for row in await access.audit(operator, None, None, None, 5)
            if row.action == "locked"
        )
        assert (row.subject, row.detail) == ("Kim", {"failures": 10})
        assert (await access.attempt(operator, "Choi", "10.7.7.7")).wait_s == 0, "nobody else is"
        await since(conn, "attempt", "last_at", "15 minutes")
        assert (await access.attempt(operator, "Kim", "10.0.0.200")).password == "hash of Kim"

    async def test_a_hundred_failures_make_an_address_wait_until_one_is_forgotten(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        """Typos of all people in a control room, who share one address, lock nobody out."""
        await self.fail(operator, conn, ADDRESS_FAILURES - 1, address=HOME)
        assert (await access.attempt(operator, "n100", HOME)).wait_s == 0
        # The attempts themselves may have taken long enough to forget some.
        full = ADDRESS_FAILURES * ADDRESS_FORGET
        await conn.execute(
            "UPDATE ksys.attempt SET last_at = clock_timestamp() + %s WHERE kind = 'address'",
            (full,),
        )
        refused = await access.attempt(operator, "Kim", HOME)
        assert refused.password is None
        assert 0 < refused.wait_s <= ADDRESS_FORGET.total_seconds()
        assert (await access.attempt(operator, "Kim", "10.7.7.7")).wait_s == 0, "nobody else is"
        await conn.execute(
            "UPDATE ksys.attempt SET last_at = clock_timestamp() + %s WHERE kind = 'address'",
            (full - ADDRESS_FORGET,),
        )
        assert (await access.attempt(operator, "Kim", HOME)).password == "hash of Kim"
        rows = await access.audit(operator, None, None, None, 1000)
        # An address that forgets one meanwhile has so many failures twice.
        found = [(row.subject, row.detail) for row in rows if row.action == "many_failures"]
        assert found
        assert all(one == (HOME, {"failures": ADDRESS_MANY}) for one in found)

    async def test_logins_of_one_person_forget_no_failure_of_others_at_the_address(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        """Logging in as oneself between the guesses does not lift the limit of guesses."""
        await self.fail(operator, conn, 5, address=HOME)
        before = await self.move_far_ahead(conn)
        for _ in range(9):
            assert (await access.attempt(operator, "Kim", HOME)).wait_s == 0
            await sign_in(operator)
        assert await self.forgotten_at(conn) == before
        await access.attempt(operator, "Lee", HOME)
        assert await self.forgotten_at(conn) == before + ADDRESS_FORGET

    async def move_far_ahead(self, conn: AsyncConnection) -> datetime:
        """Move the time when the last failure from the address is forgotten ten minutes ahead.

        Failures are counted by the time that is left, so their number falls while a test runs.
        """
        await conn.execute(
            "UPDATE ksys.attempt SET last_at = now() + interval '10 minutes' WHERE kind = 'address'"
        )
        return await self.forgotten_at(conn)

    async def forgotten_at(self, conn: AsyncConnection) -> datetime:
        """The time when the last failure from the address is forgotten."""
        cursor = await conn.execute("SELECT who, last_at FROM ksys.attempt WHERE kind = 'address'")
        ((who, last_at),) = await cursor.fetchall()
        assert who == HOME
        assert isinstance(last_at, datetime)
        return last_at

    async def test_a_refused_attempt_does_not_make_the_wait_longer(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await self.fail(operator, conn, LOCKS_AFTER, name="Kim")
        waits = [(await access.attempt(operator, "Kim", HOME)).wait_s for _ in range(3)]
        assert waits == sorted(waits, reverse=True)

    async def test_the_database_waits_as_the_rule_says(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        for failures in range(14):
            begun = time.monotonic()
            await conn.execute(
                "INSERT INTO ksys.attempt VALUES ('user', 'kim', %s, now() - interval '0.5 s')"
                " ON CONFLICT (kind, who) DO UPDATE SET (failures, last_at)"
                " = (excluded.failures, excluded.last_at)",
                (failures,),
            )
            found = await access.attempt(operator, "Kim", f"10.3.0.{failures}")
            most, spent = wait_s(failures, 0.5), time.monotonic() - begun
            assert most - spent <= found.wait_s <= most

    async def test_an_address_waits_as_the_rule_says(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        for failures in range(ADDRESS_FAILURES - 2, ADDRESS_FAILURES + 3):
            begun = time.monotonic()
            await conn.execute(
                "INSERT INTO ksys.attempt VALUES"
                " ('address', %(who)s, 0, clock_timestamp() + %(left)s)"
                " ON CONFLICT (kind, who) DO UPDATE SET last_at = excluded.last_at",
                {"who": HOME, "left": failures * ADDRESS_FORGET - timedelta(seconds=2)},
            )
            found = await access.attempt(operator, f"n{failures}", HOME)
            most, spent = address_wait_s(failures, 2.0), time.monotonic() - begun
            assert most - spent <= found.wait_s <= most

    async def test_attempts_at_once_cannot_evade_the_wait(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await self.fail(operator, conn, LOCKS_AFTER - 1, name="Kim")
        found = await asyncio.gather(
            *(access.attempt(operator, "Kim", f"10.0.1.{number}") for number in range(6))
        )
        assert sorted(one.wait_s == 0 for one in found) == [False] * 5 + [True]

    async def test_a_login_forgets_the_failures_of_the_user_and_not_those_of_the_address(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await self.fail(operator, conn, 5, name="Kim", address=HOME)
        before = await self.move_far_ahead(conn)
        assert (await access.attempt(operator, "Kim", HOME)).wait_s == 0
        await sign_in(operator)
        cursor = await conn.execute("SELECT kind, who FROM ksys.attempt")
        assert await cursor.fetchall() == [("address", HOME)]
        assert await self.forgotten_at(conn) == before

    async def test_old_failures_are_deleted(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        await self.fail(operator, conn, 3, name="Kim")
        await since(conn, "attempt", "last_at", "16 minutes")
        await access.attempt(operator, "Choi", HOME)
        cursor = await conn.execute("SELECT who FROM ksys.attempt ORDER BY 1")
        assert await cursor.fetchall() == [(HOME,), ("choi",)]

    async def test_the_audit_has_no_name_of_an_unknown_user(self, operator: db.Database) -> None:
        """People type their password into the field of the name."""
        await access.record_failure(operator, "correct horse battery", HOME, "password")
        await access.record_failure(operator, "kim", HOME, "password")
        rows = await access.audit(operator, None, None, None, 2)
        assert [(row.action, row.actor, row.subject) for row in rows] == [
            ("login_failed", "", "Kim"),
            ("login_failed", "", ""),
        ]
        assert "horse" not in repr(rows)


async def test_logins_failures_and_changes_at_once_never_block_each_other(
    operator: db.Database, dsn: str
) -> None:
    """All take their locks in one order, so none ends in a deadlock."""

    async def login(number: int) -> None:
        name = ("Kim", "kim", "nobody")[number % 3]
        address = f"10.4.0.{number % 4}"
        found = await access.attempt(operator, name, address)
        if found.password is None:
            await access.record_failure(operator, name, address, "password")
            return
        key, old = key_of(f"{number}"), key_of(f"{number - 3}")
        await access.start_session(operator, key, name, None, "local", address, AGENT, old)
        await access.session(operator, key)
        await access.end_session(operator, old, "logout")

    async def change(number: int) -> None:
        role = ("viewer", "engineer")[number % 2]
        async with await db.connect(dsn) as own:
            await own.execute(
                "UPDATE ksys.app_user SET role = %s, changed_at = now() WHERE name = 'Kim'", (role,)
            )

    # The pool has two connections and refuses callers that wait too long.
    for round_ in range(6):
        start = round_ * 4
        await asyncio.gather(
            login(start), login(start + 1), login(start + 2), change(round_), change(round_ + 1)
        )
    roles = [one.role for one in await access.sessions(operator)]
    assert set(roles) <= {"viewer", "engineer"}


class TestTokens:
    KEY = key_of("ksys_grafana")

    @pytest.fixture(autouse=True)
    async def grafana(self, conn: AsyncConnection, users: None) -> None:
        await conn.execute(
            "INSERT INTO ksys.token (name, key, role, created_by, expires_at)"
            " VALUES ('grafana', %s, 'viewer', 'Choi', now() + interval '90 days')",
            (self.KEY,),
        )

    async def test_its_key_finds_it_and_use_is_written_once_a_minute(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        found = await access.token(operator, self.KEY)
        assert found is not None
        assert (found.name, found.role, found.created_by) == ("grafana", "viewer", "Choi")
        assert found.used_at is not None
        again = await access.token(operator, self.KEY)
        assert again == found
        await since(conn, "token", "used_at", "61 seconds")
        later = await access.token(operator, self.KEY)
        assert later is not None
        assert later.used_at is not None
        assert later.used_at >= found.used_at
        assert await access.token(operator, key_of("ksys_other")) is None

    @pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
    async def test_an_expired_or_revoked_token_is_unknown(
        self, operator: db.Database, conn: AsyncConnection, column: str
    ) -> None:
        await conn.execute(f"UPDATE ksys.token SET {column} = now()")
        assert await access.token(operator, self.KEY) is None


class TestAudit:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ksys.audit SET actor = 'somebody else'",
            "DELETE FROM ksys.audit WHERE id = 0",
            "TRUNCATE ksys.audit",
            "INSERT INTO ksys.audit (id, actor, via, action, subject, address)"
            " VALUES (1, '', '', '', '', '')",
        ],
    )
    async def test_nobody_changes_what_was_recorded(
        self, operator: db.Database, conn: AsyncConnection, statement: str
    ) -> None:
        await access.note(operator, "Kim", "local", "looked", "1", {}, HOME)
        with pytest.raises((psycopg.errors.IntegrityError, psycopg.errors.GeneratedAlways)):
            await conn.execute(statement)

    async def test_notes_come_back_by_time_and_page_by_page(
        self, operator: db.Database, conn: AsyncConnection
    ) -> None:
        for number in range(5):
            await access.note(operator, "Kim", "local", "looked", f"{number}", {"n": number}, HOME)
        first = await access.audit(operator, None, None, None, 2)
        assert [row.subject for row in first] == ["4", "3"]
        assert first[0].detail == {"n": 4}
        second = await access.audit(operator, None, None, first[-1].id, 2)
        assert [row.subject for row in second] == ["2", "1"]
        between = await access.audit(operator, second[1].at, second[0].at, None, 10)
        assert [row.subject for row in between] == ["1"]
        row = await (
            await conn.execute("SELECT max(at) <= clock_timestamp() FROM ksys.audit")
        ).fetchone()
        assert row == (True,)

    async def test_a_change_that_fails_leaves_no_row(self, operator: db.Database) -> None:
        key, _ = await sign_in(operator)
        before = await actions(operator)
        with pytest.raises(psycopg.errors.UniqueViolation):
            await access.start_session(operator, key, "Kim", None, "local", HOME, AGENT, None)
        assert await actions(operator) == before


def test_a_shift_and_a_week() -> None:
    assert timedelta(hours=12) == IDLE
    assert timedelta(days=7) == ABSOLUTE


async def test_many_refusals_of_one_person_do_not_fill_the_audit(
    operator: db.Database,
) -> None:
    service, lee = Access(operator), Visitor("Lee", "operator", "proxy", b"k")
    before = (await actions(operator)).count("refused")
    for _ in range(MOST_REFUSALS + 5):
        await service.record_refusal(lee, "admin", "/\x1b]0;title\x07\x00", HOME)
    assert (await actions(operator)).count("refused") == before + MOST_REFUSALS
    # A terminal that shows the audit must not obey the text.
    subject = "/%1B%5D0%3Btitle%07%00"
    assert await newest(operator) == ("refused", "Lee", "proxy", subject, HOME)


async def test_a_name_that_nobody_can_have_is_answered_like_any_other(
    operator: db.Database,
) -> None:
    for name in ("Kim\x00", "Ki\x1bm", "k" * 65, " "):
        with pytest.raises(AuthRequired):
            await Access(operator).log_in(name, "some words in a row", HOME, AGENT, None)


async def test_a_flood_of_invalid_cookies_is_stopped_before_the_database(
    operator: db.Database,
) -> None:
    service, secret = Access(operator), new_secret()
    await access.start_session(operator, key_of(secret), "kim", None, "local", HOME, AGENT, None)

    def full() -> None:
        raise RateLimited("too many", 10.0)

    with pytest.raises(RateLimited):
        await service.by_cookie(new_secret(), full)
    assert await service.by_cookie(secret) is not None
    assert await service.by_cookie(secret, full) is not None


async def test_a_lockout_is_reported_in_minutes(
    conn: AsyncConnection, operator: db.Database
) -> None:
    await access.attempt(operator, "kim", HOME)
    await conn.execute("UPDATE ksys.attempt SET failures = %s, last_at = now()", (LOCKS_AFTER,))
    with pytest.raises(RateLimited, match="try again in 15 min"):
        await Access(operator).log_in("kim", "some words in a row", HOME, AGENT, None)
