"""Logins at a real identity provider, in the app behind its wall; every way that one can fail."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from ksys_app import db
from ksys_app.db import connect
from ksys_app.edge import behind_proxies
from ksys_app.ops import identity_provider
from ksys_app.services import runtime
from ksys_app.settings import Settings, load_settings
from ksys_app.store import access
from ksys_app.wall.identity import Local
from ksys_app.wall.limits import Crowd, Limits
from ksys_app.wall.wall import walled
from tests import identity
from tests.conftest import OP_PASSWORD, PATIENT, RO_PASSWORD
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.visiting import contract_api

APP = "http://127.0.0.1:5000"
LIMITS = Limits(requests=1000, websockets=3, messages=5)


@pytest.fixture(scope="module")
async def dsn(databases: TestDatabases) -> AsyncIterator[str]:
    new = await databases.fresh()
    yield new
    await databases.drop(new)


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    async with identity.provider(APP) as served:
        yield served


@pytest.fixture
def settings(databases: TestDatabases, dsn: str, issuer: str) -> Settings:
    """The app's settings; a test may change them."""
    return load_settings().model_copy(
        update={
            "ts_dsn": databases.as_role(dsn, "eco_ro", RO_PASSWORD),
            "ts_operator_dsn": databases.as_role(dsn, "eco_op", OP_PASSWORD),
            **PATIENT,
            "auth": "oidc",
            "oidc_issuer": issuer,
            "oidc_client_id": "ksys",
            "oidc_client_secret": SecretStr(identity.SECRET),
            "oidc_scopes": "openid profile groups",
            "oidc_roles": identity.ROLES,
        }
    )


@asynccontextmanager
async def app(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the app."""
    async with runtime.opened(settings):
        inside = walled(contract_api(), lambda: Local(runtime.access(), "oidc"), Crowd(LIMITS))
        transport = httpx.ASGITransport(inside)
        async with httpx.AsyncClient(transport=transport, base_url=APP) as browser:
            yield browser


@pytest.fixture
async def browser(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with app(settings) as opened:
        yield opened


async def begin(browser: httpx.AsyncClient, query: str = "") -> str:
    """The address that the button of the login leads to."""
    answer = await browser.get(f"/login/oidc{query}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def brought_back(browser: httpx.AsyncClient, user: str, query: str = "") -> str:
    """The address with which the provider sends the person back."""
    return await identity.visit(await begin(browser, query), user)


def changed(address: str, **fields: str | None) -> str:
    """The address with other parameters; None removes one."""
    path, _, query = address.partition("?")
    given = {name: values[0] for name, values in parse_qs(query).items()} | fields
    return f"{path}?{urlencode({name: text for name, text in given.items() if text is not None})}"


async def newest() -> tuple[str, str, str, str]:
    """What was recorded last: action, via, subject, reason."""
    operator = db.operator()
    assert operator is not None
    (row,) = await access.audit(operator, None, None, None, 1)
    return row.action, row.via, row.subject, row.detail.get("reason", "")


def alert(answer: httpx.Response) -> str:
    """The text in the box of the page."""
    found = re.search(r'role="alert">([^<]+)<', answer.text)
    assert found is not None, answer.text
    return found[1]


async def refused(
    browser: httpx.AsyncClient, address: str, status: int, sentence: str, reason: str
) -> None:
    """Nobody is logged in, and page and audit say why."""
    answer = await browser.get(address)
    assert (answer.status_code, alert(answer)) == (status, sentence)
    assert 'class="button"' in answer.text
    assert (await browser.get("/api/v1/me")).status_code == 401
    action, via, _, why = await newest()
    assert (action, via, why) == ("login_failed", "oidc", reason)


INVALID = (
    "The answer of the identity provider is not valid; try again, or tell an administrator: "
    "the audit has the reason."
)
ELSEWHERE = "This login took too long, or it began in another window; try again."
REFUSED = "The identity provider refused the login; try again, or tell an administrator."
AWAY = (
    "The identity provider does not answer as it should; try again in a minute, or tell an "
    "administrator."
)


async def test_the_login_has_one_button_in_both_languages(
    browser: httpx.AsyncClient, issuer: str
) -> None:
    host = issuer.removeprefix("http://")
    for language, label in (("en", f"Sign in with {host}"), ("ko", f"{host} 계정으로 로그인")):
        page = (await browser.get(f"/login?next=/trend?tag=D100&lang={language}")).text
        assert f">{label}</a>" in page
        assert f'href="/login/oidc?lang={language}&amp;next=%2Ftrend%3Ftag%3DD100"' in page
        assert "<input" not in page
    sent = {"user": "ann", "password": "correct horse battery staple"}
    assert (await browser.post("/api/v1/login", json=sent)).status_code == 403


async def test_the_highest_role_of_the_claim_counts_and_the_browser_comes_back(
    browser: httpx.AsyncClient,
) -> None:
    address = await brought_back(browser, "eve", "?next=/trend?tag=D100%26window=24h")
    answer = await browser.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/trend?tag=D100&window=24h")
    me = (await browser.get("/api/v1/me")).json()
    assert me == {"user": "eve", "role": "engineer", "via": "oidc"}
    assert (await newest())[:3] == ("login", "oidc", "eve")
    assert list(browser.cookies) == ["ksys"]
    again = await browser.get(address)
    assert (again.status_code, again.headers["location"]) == (303, "/")


async def test_a_login_gives_a_new_session_and_ends_the_old_one(
    browser: httpx.AsyncClient,
) -> None:
    await browser.get(await brought_back(browser, "eve"))
    first = browser.cookies["ksys"]
    browser.cookies.delete("ksys")
    address = await brought_back(browser, "ann")
    browser.cookies.set("ksys", first)
    await browser.get(address)
    second = browser.cookies.get("ksys", domain="127.0.0.1")
    assert second != first
    for secret, status in ((first, 401), (second, 200)):
        browser.cookies.clear()
        cookie = {"cookie": f"ksys={secret}"}
        assert (await browser.get("/api/v1/me", headers=cookie)).status_code == status


async def test_a_public_client_needs_no_secret(settings: Settings) -> None:
    public = {"oidc_client_id": "ksys-public", "oidc_client_secret": None}
    async with app(settings.model_copy(update=public)) as browser:
        await browser.get(await brought_back(browser, "ann"))
        assert (await browser.get("/api/v1/me")).json()["role"] == "viewer"


async def test_claims_are_read_from_the_token_too(settings: Settings) -> None:
    async with (
        identity.provider(APP, inToken=True) as issuer,
        app(settings.model_copy(update={"oidc_issuer": issuer})) as browser,
    ):
        await browser.get(await brought_back(browser, "eve"))
        assert (await browser.get("/api/v1/me")).json()["role"] == "engineer"


async def test_under_a_base_path_the_provider_leads_back_there(settings: Settings) -> None:
    base = "/plant/ksys"
    async with runtime.opened(settings.model_copy(update={"base_path": base})):
        inside = walled(contract_api(), lambda: Local(runtime.access(), "oidc"), Crowd(LIMITS))
        transport = httpx.ASGITransport(behind_proxies(inside, (), base))
        async with httpx.AsyncClient(transport=transport, base_url=APP) as browser:
            page = (await browser.get(f"{base}/login?next={base}/trend")).text
            link = re.search(r'class="button" href="([^"]+)"', page)
            assert link is not None
            answer = await browser.get(unescape(link[1]))
            sent = parse_qs(urlsplit(answer.headers["location"]).query)
            assert sent["redirect_uri"] == [f"{APP}{base}/login/callback"]
            assert list(browser.cookies) == ["ksys-plant-ksys-login"]


async def test_a_wrong_state(browser: httpx.AsyncClient) -> None:
    address = changed(await brought_back(browser, "eve"), state="0" * 64)
    await refused(browser, address, 401, ELSEWHERE, "state")


async def test_a_login_that_began_in_another_browser(browser: httpx.AsyncClient) -> None:
    address = await brought_back(browser, "eve")
    browser.cookies.clear()
    await refused(browser, address, 401, ELSEWHERE, "state")


async def test_a_token_of_another_login(browser: httpx.AsyncClient) -> None:
    address = await identity.visit(changed(await begin(browser), nonce="0" * 64), "eve")
    await refused(browser, address, 401, INVALID, "token")


async def test_a_code_that_somebody_else_has_seen(browser: httpx.AsyncClient) -> None:
    other = await brought_back(browser, "eve")
    own = changed(
        await brought_back(browser, "ann"), code=parse_qs(urlsplit(other).query)["code"][0]
    )
    await refused(browser, own, 401, REFUSED, "refused")


async def test_a_code_counts_once(browser: httpx.AsyncClient) -> None:
    address = await brought_back(browser, "eve")
    cookies = dict(browser.cookies)
    assert (await browser.get(address)).status_code == 303
    browser.cookies.clear()
    browser.cookies.update(cookies)
    await refused(browser, address, 401, REFUSED, "refused")


async def test_an_answer_of_another_issuer(browser: httpx.AsyncClient) -> None:
    address = await brought_back(browser, "eve")
    for issuer in ("http://127.0.0.1:1", None):
        again = changed(address, iss=issuer)
        cookies = dict(browser.cookies)
        await refused(browser, again, 401, INVALID, "token")
        browser.cookies.update(cookies)


async def test_a_person_who_declines(browser: httpx.AsyncClient) -> None:
    address = changed(await brought_back(browser, "eve"), code=None, error="access_denied")
    await refused(browser, address, 401, REFUSED, "refused")


async def test_a_person_without_a_role(browser: httpx.AsyncClient) -> None:
    sentence = (
        "The user mallory has no role in this dashboard; an administrator gives one at the "
        "identity provider."
    )
    await refused(browser, await brought_back(browser, "mallory"), 403, sentence, "role")
    assert (await newest())[2] == "mallory"


async def test_a_person_whom_the_list_of_users_disables(
    browser: httpx.AsyncClient, dsn: str
) -> None:
    async with await connect(dsn) as conn:
        insert = "INSERT INTO ksys.app_user (name, role, disabled) VALUES ('Eve', 'admin', %s)"
        await conn.execute(insert, (True,))
        sentence = (
            "The user eve may not use this dashboard; an administrator can allow it: ksys user "
            "enable NAME."
        )
        address = await brought_back(browser, "eve")
        await refused(browser, address, 403, sentence, "disabled")
        await conn.execute("UPDATE ksys.app_user SET disabled = false")
        await browser.get(await brought_back(browser, "eve"))
        # The provider gives the role, also to somebody in the list.
        me = (await browser.get("/api/v1/me")).json()
        assert me == {"user": "Eve", "role": "engineer", "via": "oidc"}
        await conn.execute("DELETE FROM ksys.app_user")


async def test_a_name_that_no_user_can_have(settings: Settings) -> None:
    async with app(settings.model_copy(update={"oidc_user_claim": "groups"})) as browser:
        await refused(browser, await brought_back(browser, "eve"), 401, INVALID, "token")


async def test_a_provider_that_is_down(settings: Settings) -> None:
    closed = settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:1"})
    async with app(closed) as browser:
        await refused(browser, "/login/oidc?lang=en", 401, AWAY, "away")
        korean = await browser.get("/login/oidc?lang=ko")
        assert alert(korean).startswith("인증 서버가 제대로 응답하지 않습니다.")


async def test_a_provider_that_ends_in_the_middle_of_a_login(settings: Settings) -> None:
    async with identity.provider(APP) as issuer:
        opened = app(settings.model_copy(update={"oidc_issuer": issuer}))
        browser = await opened.__aenter__()
        address = await brought_back(browser, "eve")
    await refused(browser, address, 401, AWAY, "away")
    await opened.__aexit__(None, None, None)


async def test_a_provider_with_another_name_than_the_setting(
    settings: Settings, issuer: str
) -> None:
    other = issuer.replace("127.0.0.1", "localhost")
    async with app(settings.model_copy(update={"oidc_issuer": other})) as browser:
        await refused(browser, "/login/oidc", 401, AWAY, "answer")


async def test_ksys_check_reads_what_the_provider_says(settings: Settings, issuer: str) -> None:
    found = await identity_provider.look(settings)
    assert found.ok
    assert found.detail == f"{issuer} has 1 key; a logout ends the login there too"
    found = await identity_provider.look(settings.model_copy(update={"oidc_issuer": APP}))
    assert (found.ok, found.strict) == (False, True)
    assert found.detail.startswith(f"KSYS_OIDC_ISSUER={APP}: ConnectError")
    environment = identity.settings(issuer)
    _, out, _ = await ksys("check", TS_DSN="", **environment)
    assert f"identity provider  {issuer} has 1 key" in out
    _, out, _ = await ksys("check", "--offline", **environment)
    assert "identity provider" not in out


async def test_a_logout_leads_to_the_provider_s(browser: httpx.AsyncClient, issuer: str) -> None:
    await browser.get(await brought_back(browser, "eve"))
    answer = await browser.post("/api/v1/logout", headers={"origin": APP})
    assert answer.status_code == 204
    end = urlsplit(answer.headers["location"])
    assert f"{end.scheme}://{end.netloc}" == issuer
    assert parse_qs(end.query) == {
        "client_id": ["ksys"],
        "post_logout_redirect_uri": [f"{APP}/login"],
    }
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_over_http_nobody_begins_a_login_elsewhere(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("http://plant.example/login/oidc")
    assert alert(answer).startswith("A login needs https")


async def test_failures_do_not_fill_the_audit(browser: httpx.AsyncClient) -> None:
    for _ in range(30):
        await browser.get("/login/callback?state=x")
    operator = db.operator()
    assert operator is not None
    rows = await access.audit(operator, None, None, None, 30)
    assert sum(row.detail.get("reason") == "state" for row in rows) <= 20
