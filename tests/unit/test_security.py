"""Checks of the environment, and the headers of every response (PRD decision 20)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ksys_app.security import HEADERS, access_problem, check_environment, with_headers
from ksys_app.settings import Settings

ACCESS = ("KSYS_HOST", "KSYS_AUTH", "KSYS_TRUSTED_PROXIES")
OPERATOR = "postgresql://eco_op:s3cret@db.plant/EcoAnP?sslmode=verify-full"
OIDC = {
    **{"KSYS_AUTH": "oidc", "TS_OPERATOR_DSN": OPERATOR},
    "KSYS_OIDC_ISSUER": "https://login.plant.example",
}
GOOD = "postgresql://eco_ro:s3cret@db.plant/EcoAnP?sslmode=verify-full"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in (*("TS_DSN", "TS_OPERATOR_DSN", "TS_ADMIN_DSN", "APP_ENV"), *ACCESS):
        monkeypatch.delenv(variable, raising=False)


def findings(
    monkeypatch: pytest.MonkeyPatch, dsn: str | None, env: str, mode: int | None = None
) -> dict[str, tuple[bool, bool]]:
    """Each check's name with whether it is fine and whether production insists on it."""
    if dsn is not None:
        monkeypatch.setenv("TS_DSN", dsn)
    monkeypatch.setenv("APP_ENV", env)
    found = check_environment(Settings(), mode)
    assert all(one.detail and "s3cret" not in one.detail for one in found)
    return {one.name: (one.ok, one.strict) for one in found}


@pytest.mark.parametrize("env", ["development", "production"])
def test_a_good_environment_passes(monkeypatch: pytest.MonkeyPatch, env: str) -> None:
    assert [ok for ok, _ in findings(monkeypatch, GOOD, env, 0o600).values()] == [True] * 5


@pytest.mark.parametrize("env", ["development", "production"])
def test_no_database_at_all_is_an_error_everywhere(
    monkeypatch: pytest.MonkeyPatch, env: str
) -> None:
    assert findings(monkeypatch, None, env) == {"TS_DSN": (False, True), "access": (True, True)}


@pytest.mark.parametrize(("env", "strict"), [("development", False), ("production", True)])
class TestProductionInsistsWhereDevelopmentWarns:
    @pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-ca", None])
    def test_on_proof_of_who_answers(
        self, monkeypatch: pytest.MonkeyPatch, env: str, strict: bool, mode: str | None
    ) -> None:
        dsn = GOOD.partition("?")[0] + (f"?sslmode={mode}" if mode else "")
        assert findings(monkeypatch, dsn, env)["TLS to the database"] == (False, strict)

    @pytest.mark.parametrize("user", ["postgres:s3cret@", "eco_rw:s3cret@", "eco_ro2@", ""])
    def test_on_the_role_that_only_reads(
        self, monkeypatch: pytest.MonkeyPatch, env: str, strict: bool, user: str
    ) -> None:
        dsn = GOOD.replace("eco_ro:s3cret@", user)
        assert findings(monkeypatch, dsn, env)["role of the app"] == (False, strict)

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o777])
    def test_on_a_file_of_secrets_that_only_its_owner_reads(
        self, monkeypatch: pytest.MonkeyPatch, env: str, strict: bool, mode: int
    ) -> None:
        assert findings(monkeypatch, GOOD, env, mode)[".env permissions"] == (False, strict)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o100600])
def test_a_private_file_is_fine(monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    assert findings(monkeypatch, GOOD, "production", mode)[".env permissions"][0]


def test_without_a_file_there_is_nothing_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ".env permissions" not in findings(monkeypatch, GOOD, "production", None)


def test_details_name_the_values_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_DSN", GOOD)
    assert [one.detail for one in check_environment(Settings(), 0o600)] == [
        *("set", "sslmode=verify-full", "eco_ro", "KSYS_AUTH=off", "only its owner reads it")
    ]
    monkeypatch.setenv("TS_DSN", "host=db.plant")
    assert "nobody named" in check_environment(Settings())[2].detail


def test_details_say_what_production_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_DSN", "postgresql://postgres@db.plant/EcoAnP?sslmode=disable")
    details = " ".join(one.detail for one in check_environment(Settings(), 0o644))
    assert "sslmode=disable" in details
    assert "sslmode=verify-full" in details
    assert "eco_ro" in details
    assert "chmod 600 .env" in details


class TestWhoGetsIn:
    """The app does not start before it is settled (PRD §31.2)."""

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, None),
            ({"KSYS_HOST": "0.0.0.0"}, "KSYS_AUTH=local, the default for KSYS_HOST=0.0.0.0, needs"),
            ({"KSYS_HOST": "0.0.0.0", "TS_OPERATOR_DSN": OPERATOR}, None),
            ({"KSYS_HOST": "0.0.0.0", "KSYS_AUTH": "off"}, "lets everybody in who reaches"),
            (
                {"KSYS_HOST": "0.0.0.0", "KSYS_AUTH": "off", "TS_OPERATOR_DSN": OPERATOR},
                "lets everybody in who reaches",
            ),
            ({"KSYS_AUTH": "off"}, None),
            ({"KSYS_AUTH": "local"}, "KSYS_AUTH=local needs TS_OPERATOR_DSN"),
            ({"KSYS_AUTH": "local", "TS_OPERATOR_DSN": OPERATOR}, None),
            ({"KSYS_AUTH": "oidc"}, "KSYS_AUTH=oidc needs TS_OPERATOR_DSN"),
            ({"KSYS_AUTH": "oidc", "TS_OPERATOR_DSN": OPERATOR}, "needs KSYS_OIDC_ISSUER"),
            (OIDC, "needs KSYS_OIDC_CLIENT_ID"),
            (OIDC | {"KSYS_OIDC_CLIENT_ID": "ksys"}, "needs KSYS_OIDC_ROLES"),
            (OIDC | {"KSYS_OIDC_CLIENT_ID": "ksys", "KSYS_OIDC_ROLES": "admin=a"}, None),
            ({"KSYS_AUTH": "proxy"}, "KSYS_AUTH=proxy needs TS_OPERATOR_DSN"),
            ({"KSYS_AUTH": "proxy", "TS_OPERATOR_DSN": OPERATOR}, "needs KSYS_TRUSTED_PROXIES"),
            (
                {
                    **{"KSYS_AUTH": "proxy", "TS_OPERATOR_DSN": OPERATOR},
                    "KSYS_TRUSTED_PROXIES": "none",
                },
                "needs KSYS_TRUSTED_PROXIES",
            ),
            (
                {
                    **{"KSYS_AUTH": "proxy", "TS_OPERATOR_DSN": OPERATOR},
                    "KSYS_TRUSTED_PROXIES": "127.0.0.1",
                },
                None,
            ),
        ],
    )
    def test_it_says_what_to_set(
        self, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str | None
    ) -> None:
        for name, value in {"TS_DSN": GOOD, **given}.items():
            monkeypatch.setenv(name, value)
        problem = access_problem(Settings())
        assert (problem is None) == (says is None)
        assert (says or "") in (problem or "")
        (finding,) = [one for one in check_environment(Settings()) if one.name == "access"]
        assert (finding.ok, finding.strict) == (problem is None, True)
        assert "s3cret" not in finding.detail

    @pytest.mark.parametrize(
        ("dsn", "check"),
        [
            (OPERATOR.replace("eco_op", "eco_rw"), "role of the operator"),
            (OPERATOR.replace("verify-full", "require"), "TLS of the operator"),
        ],
    )
    def test_production_insists_on_the_operator_s_role_and_tls(
        self, monkeypatch: pytest.MonkeyPatch, dsn: str, check: str
    ) -> None:
        monkeypatch.setenv("TS_OPERATOR_DSN", dsn)
        assert findings(monkeypatch, GOOD, "production")[check] == (False, True)
        assert findings(monkeypatch, GOOD, "development")[check] == (False, False)


class TestHeaders:
    def test_the_usual_headers_are_set(self) -> None:
        assert HEADERS["X-Content-Type-Options"] == "nosniff"
        assert HEADERS["X-Frame-Options"] == "DENY"
        assert HEADERS["Referrer-Policy"] == "same-origin"

    async def test_every_http_response_has_them_beside_its_own(self) -> None:
        own = (b"content-type", b"text/html")
        sent = await _respond("http", [own])
        start, body = sent
        assert start["headers"][0] == own
        for name, value in HEADERS.items():
            assert (name.lower().encode(), value.encode()) in start["headers"]
        assert body == {"type": "http.response.body", "body": b"<p>"}

    async def test_a_response_with_a_policy_of_its_own_keeps_it(self) -> None:
        own = (b"Content-Security-Policy", b"default-src 'self'")
        start, _ = await _respond("http", [own])
        policies = [pair for pair in start["headers"] if pair[0].lower() == own[0].lower()]
        assert policies == [own]
        assert len(start["headers"]) == len(HEADERS)

    async def test_a_response_without_headers_gets_them_too(self) -> None:
        start, _ = await _respond("http", None)
        assert len(start["headers"]) == len(HEADERS)

    async def test_two_responses_do_not_share_a_list(self) -> None:
        first, second = [(await _respond("http", []))[0] for _ in range(2)]
        assert len(first["headers"]) == len(second["headers"]) == len(HEADERS)

    @pytest.mark.parametrize("kind", ["websocket", "lifespan"])
    async def test_other_connections_pass_as_they_are(self, kind: str) -> None:
        start, _ = await _respond(kind, [])
        assert start["headers"] == []


async def _respond(kind: str, headers: list[tuple[bytes, bytes]] | None) -> list[dict[str, Any]]:
    """The messages of an ASGI app behind the layer of headers."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        start: dict[str, Any] = {"type": "http.response.start", "status": 200}
        await send(start if headers is None else start | {"headers": headers})
        await send({"type": "http.response.body", "body": b"<p>"})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await with_headers(app)({"type": kind}, receive, send)
    return sent
