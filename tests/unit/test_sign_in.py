"""Which name and which role the claims of a provider give, and the secrets of one login."""

from __future__ import annotations

from typing import Any

import pytest

from ksys_app.domain.sign_in import claim, login_secrets, name_in, role_in, roles_of
from ksys_app.wall import cookies

ROLES = roles_of(" viewer = everybody;admin=cn=Boss,ou=Plant ; operator=shift a;operator=b;")


def test_roles_are_pairs_of_a_role_and_a_value() -> None:
    assert (
        *(("everybody", "viewer"), ("cn=Boss,ou=Plant", "admin")),
        *(("shift a", "operator"), ("b", "operator")),
    ) == ROLES


@pytest.mark.parametrize(
    ("found", "role"),
    [
        (["everybody"], "viewer"),
        (["everybody", "b", "x"], "operator"),
        ("shift a", "operator"),
        (["cn=Boss,ou=Plant", "everybody"], "admin"),
        ([], None),
        (None, None),
        ("everybody b", None),
        (["Everybody"], None),
        ({"everybody": True}, None),
        ([["everybody"], 5, None], None),
        (True, None),
    ],
)
def test_the_highest_role_of_the_values_counts(found: Any, role: str | None) -> None:
    assert role_in({"groups": found}, "groups", ROLES) == role


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"a": {"b": 1}}, 1),
        ({"a.b": 2, "a": {"b": 1}}, 2),
        ({"a": {}}, None),
        ({"a": [1]}, None),
        ({}, None),
    ],
)
def test_a_claim_has_a_name_or_a_path(claims: dict[str, Any], found: Any) -> None:
    assert claim(claims, "a.b") == found


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ("ann", "ann"),
        (" Jose\u0301 ", "Jos\u00e9"),
        ("", None),
        ("x" * 65, None),
        ("a\nb", None),
        (5, None),
        (["ann"], None),
    ],
)
def test_a_name_is_one_that_a_user_can_have(found: Any, name: str | None) -> None:
    assert name_in({"user": found}, "user") == name


@pytest.mark.parametrize(("verified", "is_name"), [(True, True), (None, True), (False, False)])
def test_an_address_that_was_not_verified_is_no_name(verified: bool | None, is_name: bool) -> None:
    claims = {"email": "ann@plant.example", "email_verified": verified}
    assert (name_in(claims, "email") is not None) is is_name


def test_each_login_has_secrets_of_its_own_that_do_not_tell_each_other() -> None:
    one, other = login_secrets("a" * 43), login_secrets("b" * 43)
    values = {one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}
    assert len(values) == 6
    assert {len(value) for value in values} == {64}
    assert login_secrets("a" * 43) == one


@pytest.mark.parametrize("base", ["", "/plant/1"])
@pytest.mark.parametrize(
    "after", ["/", "/trend?tag=D100&window=24h#a;b=c", "/태그", "/" + "x" * 4000]
)
def test_the_browser_keeps_a_login_for_ten_minutes(base: str, after: str) -> None:
    secret = "s" * 43
    sent = cookies.set_login_cookie(secret, "ko", after, secure=True, base=base)
    pair, _, rest = sent.partition("; ")
    assert rest == "Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert pair.startswith("__Host-ksys")
    assert len(sent) < 4096
    headers = [(b"cookie", f"a=b; {pair}".encode())]
    read = cookies.read_login_cookie(headers, secure=True, base=base)
    assert read == (secret, "ko", after if len(after) < 1000 else "")
    assert cookies.read_secret(headers, cookies.cookie_name(secure=True, base=base)) is None
    assert cookies.read_login_cookie(headers, secure=False, base=base) == (None, "", "")
