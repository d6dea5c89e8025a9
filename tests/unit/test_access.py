"""The rules of access: roles, waits, names, passwords and secrets (PRD §31)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given, strategies as st
from starlette.requests import Request
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from ksys_app.api.login_form import log_in_by_form, parse_login
from ksys_app.api.visitors import next_of
from ksys_app.domain import access
from ksys_app.domain.access import (
    ADDRESS_FORGET,
    FORGET,
    LOCKS_AFTER,
    MIN_GUESSES,
    ROLES,
    WAITS,
    address_wait_s,
    clean_name,
    failure_network,
    key_of,
    may,
    name_problem,
    password_problem,
    wait_s,
)
from ksys_app.errors import AuthRequired, BadParameter
from ksys_app.models.access import Role
from ksys_app.texts import say
from ksys_app.utils import credentials

FORGET_S = FORGET.total_seconds()
FAILURES = st.integers(min_value=0, max_value=1000)
SINCE = st.floats(min_value=0, max_value=2 * FORGET_S)


def test_each_role_may_do_what_the_ones_before_it_may() -> None:
    allowed = {role: {needed for needed in ROLES if may(role, needed)} for role in ROLES}
    assert allowed == {
        "viewer": {"viewer"},
        "operator": {"viewer", "operator"},
        "engineer": {"viewer", "operator", "engineer"},
        "admin": {"viewer", "operator", "engineer", "admin"},
    }


@given(FAILURES, SINCE)
def test_a_wait_is_over_when_it_has_passed(failures: int, since: float) -> None:
    remaining = wait_s(failures, since)
    assert 0 <= remaining <= WAITS[-1]
    assert wait_s(failures, since + remaining) == pytest.approx(0, abs=1e-6)


@given(FAILURES, SINCE, SINCE)
def test_a_wait_never_grows_while_time_passes(failures: int, one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert wait_s(failures, late) <= wait_s(failures, early)


@given(FAILURES, SINCE)
def test_one_more_failure_never_shortens_the_wait(failures: int, since: float) -> None:
    assert wait_s(failures + 1, since) >= wait_s(failures, since)


@given(FAILURES)
def test_a_quarter_of_an_hour_forgets_everything(failures: int) -> None:
    assert wait_s(failures, FORGET_S) == 0


@given(FAILURES, st.floats(max_value=0, min_value=-1e9))
def test_a_clock_that_was_put_back_makes_no_longer_wait(failures: int, since: float) -> None:
    assert wait_s(failures, since) == wait_s(failures, 0)


def test_the_waits_are_those_of_the_requirements() -> None:
    assert [wait_s(n, 0) for n in range(12)] == [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 900, 900]
    assert LOCKS_AFTER == 10
    assert [address_wait_s(n, 0) for n in (0, 99, 100, 101)] == [0, 0, 15, 30]


@given(FAILURES, SINCE, SINCE)
def test_an_address_forgets_one_failure_after_the_other(
    failures: int, one: float, other: float
) -> None:
    early, late = sorted((one, other))
    assert address_wait_s(failures, late) <= address_wait_s(failures, early)
    remaining = address_wait_s(failures, one)
    assert address_wait_s(failures, one + remaining) == pytest.approx(0, abs=1e-5)
    assert address_wait_s(failures + 1, one) >= remaining


def test_an_address_alone_guesses_no_password_that_is_accepted() -> None:
    """In a year, for all users together, few of the guesses that the easiest accepted one needs."""
    a_year = timedelta(days=365) / ADDRESS_FORGET
    assert a_year / MIN_GUESSES < 0.025
    assert all(one <= other for one, other in pairwise(WAITS))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_failures_of_a_network_of_ipv6_count_together(address: str, network: str) -> None:
    assert failure_network(address) == network


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Kim", None),
        ("김 철수", None),
        ("kim@plant.example", None),
        ("x" * 64, None),
        ("x" * 65, "name_length"),
        ("", "name_length"),
        ("  ", "name_length"),
        ("a\nb", "name_hidden"),
        ("a\u202eb", "name_hidden"),
        ("a\u200bb", "name_hidden"),
        ("a\0", "name_hidden"),
    ],
)
def test_a_name_is_short_and_visible(name: str, problem: str | None) -> None:
    found = name_problem(clean_name(name))
    assert (found and found.key) == (problem and f"access.{problem}")


def test_a_name_has_one_spelling() -> None:
    assert clean_name(" Zoe\u0308 ") == "Zo\xeb"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("correct horse", None),
        ("열두글자가넘는비밀번호입니다", None),
        ("short one", "password_short"),
        ("turbine-77-valve" * 64, None),
        ("turbine-77-valve" * 64 + "x", "password_long"),
        ("가" * 341 + "나", "password_long"),
        ("x" * 12, "password_easy"),
        ("password1234", "password_easy"),
        ("Pa$$w0rd1234!", "password_easy"),
        ("qwertyuiop[]", "password_easy"),
        ("비밀번호123456789", "password_easy"),
        ("operator-of-the-plant", "password_easy"),
        ("OPERATOR-OF-THE-PLANT1", "password_easy"),
    ],
)
def test_a_password_is_long_and_hard_to_guess(password: str, problem: str | None) -> None:
    found = password_problem(password, "Operator-of-the-plant")
    assert (found and found.key) == (problem and f"access.{problem}")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("password1234", "it is a common password, or nearly one"),
        ("operator-of-the-plant", "it has the name of the user or of this product in it"),
        ("mississippis", "it is a word or a name"),
        ("zxcvbnm,./[]", "its keys are beside each other"),
        ("abcabcabcabc", "it repeats itself"),
        ("abcdefghijkl", "it is a row of letters or digits"),
        ("12.05.1984 1", "it is a date or a year"),
    ],
)
def test_it_says_in_words_what_makes_a_password_easy(password: str, why: str) -> None:
    found = password_problem(password, "Operator-of-the-plant")
    assert found is not None
    assert say(found) == (
        f"this password is easy to guess, because {why}; take some words that do not belong "
        "together"
    )


def test_every_common_password_is_refused() -> None:
    common = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= access.MIN_PASSWORD]
    assert len(common) > 200
    assert [one for one in common if password_problem(one) is None] == []


@given(st.text())
def test_a_key_tells_nothing_and_any_text_has_one(secret: str) -> None:
    key = key_of(secret)
    assert key == hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
    assert len(key) == 32


def test_secrets_are_random_and_tokens_can_be_recognised() -> None:
    secrets = {credentials.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[\w-]{43}", secret) for secret in secrets)
    assert re.fullmatch(r"ksys_[\w-]{43}", credentials.new_token())


class TestPasswords:
    async def test_a_hash_is_of_its_password_only(self) -> None:
        stored = await credentials.hash_password("correct horse")
        assert await credentials.verify_password(stored, "correct horse")
        assert not await credentials.verify_password(stored, "correct house")
        assert stored != await credentials.hash_password("correct horse"), "each has its own salt"

    async def test_an_unknown_user_costs_the_same_work(self) -> None:
        """The fixed hash has the parameters of a new one, and no password is its own."""
        nobody = extract_parameters(credentials._NOBODY)
        assert nobody == extract_parameters(await credentials.hash_password("correct horse"))
        assert not await credentials.verify_password(None, "correct horse")

    async def test_parameters_are_those_that_owasp_recommends(self) -> None:
        found = extract_parameters(await credentials.hash_password("correct horse"))
        assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)
        assert found.type.name == "ID"

    async def test_a_hash_with_other_parameters_is_outdated(self) -> None:
        assert not credentials.is_outdated(await credentials.hash_password("correct horse"))
        assert credentials.is_outdated(PasswordHasher(memory_cost=8 * 1024).hash("correct horse"))

    @pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$m=1", "$2b$12$abc"])
    async def test_what_is_no_hash_fits_no_password(self, stored: str) -> None:
        assert not await credentials.verify_password(stored or None, "correct horse")

    async def test_letters_are_the_same_however_a_keyboard_composes_them(self) -> None:
        stored = await credentials.hash_password("Gru\u0308\xdfe aus Seoul")
        assert await credentials.verify_password(stored, "Gr\xfc\xdfe aus Seoul")

    async def test_two_are_hashed_at_a_time(self) -> None:
        running, most, lock = 0, 0, threading.Lock()

        def work() -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            credentials._HASHER.hash(b"correct horse")
            with lock:
                running -= 1

        await asyncio.gather(*(credentials.run_in_turn(work) for _ in range(8)))
        assert most <= credentials.AT_ONCE == 2


@pytest.mark.parametrize(
    ("base", "wanted", "after"),
    [
        ("", "/trend?tag=A%20B", "/trend?tag=A%20B"),
        ("/ksys", "/ksys/comm", "/ksys/comm"),
        ("/ksys", "/other", "/ksys/"),
        *(
            ("", foreign, "/")
            for foreign in (
                *("//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example"),
                *(
                    "javascript:alert(1)",
                    "evil.example",
                    "/login?next=/",
                    "/api/v1/logout",
                    "",
                    None,
                ),
            )
        ),
    ],
)
def test_the_login_leads_to_pages_of_the_app_only(
    base: str, wanted: str | None, after: str
) -> None:
    assert next_of(Request({"type": "http", "root_path": base}), wanted) == after


def test_a_password_is_checked_as_it_was_typed() -> None:
    longest = {"user": "ann", "password": " x" * 512}
    assert parse_login(longest).password == longest["password"]
    too_long = longest | {"password": longest["password"] + "y"}
    for form in (too_long, longest | {"user": "a" * 65}, {"user": "ann"}, {}):
        with pytest.raises(AuthRequired, match="wrong"):
            parse_login(form)


def test_every_role_of_the_rules_is_a_role_of_the_model() -> None:
    roles: tuple[Role, ...] = access.ROLES
    assert roles == ("viewer", "operator", "engineer", "admin")


async def test_a_form_that_ends_early_is_no_fault_of_the_app() -> None:
    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    with pytest.raises(BadParameter, match="not complete"):
        await log_in_by_form(Request({"type": "http", "method": "POST", "headers": []}, receive))
