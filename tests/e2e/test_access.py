"""Logins in a real browser, and what each role reaches over HTTP and over a bare websocket."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import cycle
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from websockets.asyncio.client import ClientConnection, connect as open_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ksys_app.db import connect
from ksys_app.domain.access import ROLES, may
from ksys_app.models.access import Role
from ksys_app.settings import Settings
from ksys_app.utils import credentials
from tests import identity, permissions
from tests.conftest import OP_PASSWORD
from tests.database import TestDatabases
from tests.e2e.conftest import ANSWER_S, Site, new_context, seed, start_site, stop_site
from tests.ports import free_port
from tests.values import events
from tests.waiting import HANGS_S, until
from tests.wire import BOARD, PATIENT, Wire, address, frame, tab

PASSWORD = "correct horse battery staple"
NAMES: dict[Role, str] = dict(zip(ROLES, ("ann", "olaf", "eve", "adam"), strict=True))
TAB = "0f5b2e70-aaaa-4bbb-8ccc-444455556666"
TOKENS: dict[Role, str] = {role: f"ksys_{role}{'x' * 35}" for role in ROLES}
USER = "INSERT INTO ksys.app_user (name, role, password) VALUES (%s, %s, %s)"
TOKEN = (
    "INSERT INTO ksys.token (name, key, role, created_by, expires_at)"
    " VALUES (%s, %s, %s, 'test', now() + interval '1 day')"
)


@pytest.fixture(scope="module")
async def guarded(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app with logins; a user and a token of each role."""
    dsn = await databases.fresh()
    await seed(dsn)
    stored = await credentials.hash_password(PASSWORD)
    async with await connect(dsn) as conn:
        for role, name in NAMES.items():
            key = hashlib.sha256(TOKENS[role].encode()).digest()
            await conn.execute(USER, (name, role, stored))
            await conn.execute(TOKEN, (role, key, role))
    operator = databases.as_role(dsn, "eco_op", OP_PASSWORD)
    # A fast machine sends more requests in 10 s than a client may by default.
    settings = {"KSYS_AUTH": "local", "KSYS_MAX_REQUESTS": "1000000", "TS_OPERATOR_DSN": operator}
    served = await start_site(databases, dsn, environment=settings)
    yield served
    await stop_site(served)
    await databases.drop(dsn)


@asynccontextmanager
async def logged_in(site: Site, role: Role) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the session of a user of this role."""
    async with httpx.AsyncClient(
        base_url=site.url, headers={"origin": site.url}, timeout=ANSWER_S
    ) as client:
        sent = {"user": NAMES[role], "password": PASSWORD}
        assert (await client.post("/api/v1/login", json=sent)).status_code == 204
        yield client


async def signed_in_tab(browser: Browser, site: Site, path: str, user: str = "ann") -> Page:
    """A page of a new browser, opened through the login."""
    context = await new_context(browser, viewport={"width": 1280, "height": 900}, locale="en-US")
    page = await context.new_page()
    await page.goto(site.url + path)
    await sign_in(page, user)
    return page


async def sign_in(page: Page, user: str, password: str = PASSWORD) -> None:
    """Fill in the form of the login."""
    await page.get_by_label("User").fill(user)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()


async def in_one_row(page: Page, *names: str) -> bool:
    """Whether these parts of the page begin at the same height."""
    tops = [
        await page.get_by_test_id(name).evaluate("it => it.getBoundingClientRect().top")
        for name in names
    ]
    return len(set(tops)) == 1


async def test_each_role_reaches_what_the_table_of_the_prd_says(guarded: Site) -> None:
    viewer = {"authorization": f"Bearer {TOKENS['viewer']}"}
    async with httpx.AsyncClient(base_url=guarded.url, timeout=ANSWER_S) as client:
        document = (await client.get("/api/v1/openapi.json", headers=viewer)).json()
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    requests = [
        (method, path)
        for method in permissions.METHODS
        for path in (*document["paths"], *permissions.OTHER_PATHS)
        # These change the session; other tests are about them.
        if not (path.endswith(("/logout", "/login", "/password")) and method == "POST")
    ]
    callers: list[tuple[Role | None, dict[str, str]]] = [(None, {})]
    async with AsyncExitStack() as stack:
        for role in ROLES:
            session = await stack.enter_async_context(logged_in(guarded, role))
            cookie = f"ksys={session.cookies['ksys']}"
            callers.append((role, {"cookie": cookie, "origin": guarded.url}))
            callers.append((role, {"authorization": f"Bearer {TOKENS[role]}"}))
        wrong = []
        for role, headers in callers:
            is_token = "authorization" in headers
            # What the document does not describe needs an administrator. Of the other roles, only
            # the highest one is tried.
            sent = [
                (method, path)
                for method, path in requests
                if role in (None, "engineer")
                or (method, path) in described
                or path in permissions.OTHER_PATHS
            ]
            statuses = await asyncio.to_thread(statuses_of, guarded.url, sent, headers)
            for (method, path), status in zip(sent, statuses, strict=True):
                needed = permissions.needed(method, path)
                expected = needed is None or (
                    role is not None
                    and may(role, needed)
                    and not (is_token and not permissions.takes_token(path))
                )
                if (status not in (401, 403)) is not expected:
                    wrong.append((role, is_token, method, path, status))
    assert wrong == []


def statuses_of(
    url: str, requests: Sequence[tuple[str, str]], headers: Mapping[str, str]
) -> list[int]:
    """The status of each request, one after another on one connection.

    There are thousands of requests, and a richer client would take longer than the app.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_S)
    statuses = []
    for method, path in requests:
        connection.request(method, path.replace("{session}", "0" * 12), headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


async def test_a_bare_websocket_is_refused_without_a_session(guarded: Site) -> None:
    for headers in (
        {},
        {"authorization": f"Bearer {TOKENS['admin']}"},
        {"cookie": "ksys=" + "x" * 43},
    ):
        with pytest.raises(InvalidStatus) as refused:
            await open_websocket(
                address(guarded.url), additional_headers=headers, origin=guarded.url, **PATIENT
            )
        assert refused.value.response.status_code == 401


async def test_a_websocket_ends_with_its_session_and_with_a_changed_role(guarded: Site) -> None:
    for end in ("logout", "role"):
        async with logged_in(guarded, "operator") as client:
            cookie = f"ksys={client.cookies['ksys']}"
            socket = await open_websocket(
                address(guarded.url),
                additional_headers={"cookie": cookie},
                origin=guarded.url,
                **PATIENT,
            )
            if end == "logout":
                assert (await client.post("/api/v1/logout")).status_code == 204
            else:
                async with await connect(guarded.dsn) as conn:
                    for role in ("viewer", "operator"):
                        await conn.execute(
                            "UPDATE ksys.app_user SET role = %s WHERE name = 'olaf'", (role,)
                        )
            assert await close_code(socket) == 4401


async def close_code(socket: ClientConnection) -> int:
    """Wait until the server closes the websocket, and get its code."""
    async with asyncio.timeout(HANGS_S):
        try:
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
    assert socket.close_code is not None
    return socket.close_code


async def test_a_tab_with_the_name_of_another_user_s_tab_gets_nothing_of_it(guarded: Site) -> None:
    async with (
        logged_in(guarded, "viewer") as ann,
        logged_in(guarded, "admin") as adam,
        tab(guarded.url, token=TAB, cookie=f"ksys={ann.cookies['ksys']}") as first,
    ):
        await first.emit(f"{BOARD}.set_tag_filter", {"text": "D200"})
        await first.update(tag_filter="D200")
        async with tab(guarded.url, token=TAB, cookie=f"ksys={adam.cookies['ksys']}") as other:
            await other.update(tag_filter="")
            assert "D200" not in str(other.updates[0])


async def test_no_argument_of_a_handler_fails_or_reaches_the_tab_of_another_user(
    guarded: Site,
) -> None:
    lines = len(guarded.log)
    async with AsyncExitStack() as stack:
        tabs: list[tuple[str, Wire]] = []
        for role in ROLES:
            client = await stack.enter_async_context(logged_in(guarded, role))
            cookie = f"ksys={client.cookies['ksys']}"
            wire = await stack.enter_async_context(tab(guarded.url, token=TAB, cookie=cookie))
            tabs.append((f"mark-of-{role}", wire))
        for mark, wire in tabs:
            await wire.emit(f"{BOARD}.set_tag_filter", {"text": mark})
            await wire.update(tag_filter=mark)
        for sent, (_, wire) in zip(events(), cycle(tabs), strict=False):
            await wire.send(frame("event", sent))
        for mark, wire in tabs:
            await wire.emit(f"{BOARD}.set_tag_filter", {"text": f"again-{mark}"})
            await wire.update(tag_filter=f"again-{mark}")
            assert not any(other in str(wire.updates) for other, _ in tabs if other != mark)
    assert not [line for line in guarded.log[lines:] if "Traceback" in line or " ERROR " in line]


async def test_only_a_session_that_sends_too_many_messages_loses_its_page(guarded: Site) -> None:
    async with (
        logged_in(guarded, "viewer") as ann,
        logged_in(guarded, "operator") as olaf,
        tab(guarded.url, cookie=f"ksys={olaf.cookies['ksys']}") as other,
    ):
        sent = {"cookie": f"ksys={ann.cookies['ksys']}", "origin": guarded.url}
        flooding = await open_websocket(address(guarded.url), additional_headers=sent, **PATIENT)
        for _ in range(Settings.model_fields["max_messages"].default + 1):
            await flooding.send("42/_event,[]")
        assert await close_code(flooding) == 4429
        await other.emit(f"{BOARD}.set_tag_filter", {"text": "D1"})
        await other.update(tag_filter="D1")


async def test_a_person_logs_in_works_and_logs_out(browser: Browser, guarded: Site) -> None:
    context = await new_context(browser, locale="en-US", viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{guarded.url}/tech?tag=D100&window=24h")
    await expect(page).to_have_title("Log in – Ksys Dashboard")
    await sign_in(page, "ann", "not the password")
    await expect(page.get_by_role("alert")).to_have_text("The user or the password is wrong.")
    await expect(page.get_by_label("User")).to_have_value("ann")
    await sign_in(page, "ann")
    await page.get_by_test_id("window-menu").wait_for()
    await expect(page).to_have_url(f"{guarded.url}/tech?tag=D100&window=24h")
    # The longest title leaves room for the buttons beside it, also on a phone, with its own font.
    await until(partial(in_one_row, page, "theme-toggle", "account"))
    await page.get_by_test_id("account").click()
    await expect(page.get_by_role("menu")).to_contain_text("ann")
    await expect(page.get_by_role("menu")).to_contain_text("viewer")
    await expect(page.get_by_role("menuitem", name="Administration")).to_have_count(0)
    await page.get_by_test_id("logout").click()
    await expect(page).to_have_title("Log in – Ksys Dashboard")
    await page.goto(guarded.url)
    await expect(page).to_have_title("Log in – Ksys Dashboard")
    await page.context.close()


async def test_an_admin_ends_a_session_and_its_page_comes_back_after_the_login(
    browser: Browser, guarded: Site
) -> None:
    page = await signed_in_tab(browser, guarded, "/?window=60m&sort=name", "eve")
    await page.get_by_test_id("tile-D200").wait_for()
    admin = await signed_in_tab(browser, guarded, "/admin", "adam")
    row = admin.get_by_role("row").filter(has_text="eve").filter(has_text="Chrome")
    admin.on("dialog", lambda dialog: dialog.accept())
    await row.get_by_role("button", name="End session").click()
    await expect(page).to_have_title("Log in – Ksys Dashboard")
    await sign_in(page, "eve")
    await page.get_by_test_id("tile-D200").wait_for()
    await expect(page).to_have_url(f"{guarded.url}/?window=60m&sort=name")
    async with logged_in(guarded, "viewer") as ann:
        wrong = await ann.post("/api/v1/login", json={"user": "ann", "password": "wrong"})
        assert wrong.status_code == 401
        assert (await ann.post("/api/v1/logout")).status_code == 204
    audit = admin.get_by_role("region", name="Audit")
    await admin.reload()
    for action in ("logged in", "login failed", "logged out", "session ended"):
        await expect(audit.get_by_role("cell", name=action, exact=True).first).to_be_visible()
    for opened in (page, admin):
        await opened.context.close()


async def test_the_page_says_that_only_an_administrator_sees_it(
    browser: Browser, guarded: Site
) -> None:
    page = await signed_in_tab(browser, guarded, "/admin", "olaf")
    await expect(page.get_by_role("alert")).to_have_text(
        "Only an administrator sees this page. You are logged in as olaf, operator."
    )
    await page.context.close()


async def test_a_user_changes_their_own_password(browser: Browser, guarded: Site) -> None:
    async with await connect(guarded.dsn) as conn:
        await conn.execute(USER, ("nora", "viewer", await credentials.hash_password(PASSWORD)))
    other = await signed_in_tab(browser, guarded, "/", "nora")
    await other.get_by_test_id("account").wait_for()
    page = await signed_in_tab(browser, guarded, "/comm", "nora")
    await page.get_by_test_id("account").click()
    await page.get_by_role("menuitem", name="Change password").click()

    async def change(old: str, new: str, again: str) -> None:
        await page.get_by_label("Old password").fill(old)
        await page.get_by_label("New password", exact=True).fill(new)
        await page.get_by_label("New password again").fill(again)
        await page.get_by_role("button", name="Change password").click()

    alert = page.get_by_role("alert")
    await change(PASSWORD, "grey heron at noon", "grey heron at night")
    await expect(alert).to_have_text("The new password was typed in two different ways.")
    await change("wrong", "grey heron at noon", "grey heron at noon")
    await expect(alert).to_have_text("The old password is wrong.")
    await change(PASSWORD, "abcdefghijkl", "abcdefghijkl")
    await expect(alert).to_contain_text("because it is a row of letters or digits")
    await page.goto(f"{guarded.url}/login/password?lang=ko")
    await expect(page.get_by_label("현재 비밀번호")).to_be_visible()
    await page.goto(f"{guarded.url}/login/password?lang=en")
    await change(PASSWORD, "grey heron at noon", "grey heron at noon")
    await expect(page.get_by_role("status")).to_contain_text("Your password was changed.")
    await expect(other).to_have_title("Log in – Ksys Dashboard")
    await page.get_by_role("link", name="To the dashboard").click()
    await page.get_by_test_id("account").wait_for()
    await sign_in(other, "nora", "grey heron at noon")
    await other.get_by_test_id("account").wait_for()
    for opened in (page, other):
        await opened.context.close()


async def test_a_person_logs_in_and_out_at_the_identity_provider(
    browser: Browser, guarded: Site
) -> None:
    port = free_port()
    app = f"http://127.0.0.1:{port}"
    operator = guarded.databases.as_role(guarded.dsn, "eco_op", OP_PASSWORD)
    async with identity.provider(app) as issuer:
        environment = identity.settings(issuer) | {"TS_OPERATOR_DSN": operator}
        site = await start_site(guarded.databases, guarded.dsn, port=port, environment=environment)
        context = await new_context(
            browser, locale="ko-KR", viewport={"width": 1280, "height": 900}
        )
        page = await context.new_page()
        await page.goto(f"{app}/tech?tag=D100&window=24h")
        await page.get_by_role("link", name="계정으로 로그인").click()
        await expect(page).to_have_url(re.compile(f"^{issuer}/interaction/"))
        await page.get_by_placeholder("Enter any login").fill("eve")
        await page.get_by_placeholder("and password").fill("any")
        await page.get_by_role("button", name="Sign-in").click()
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_test_id("window-menu").wait_for()
        await expect(page).to_have_url(f"{app}/tech?tag=D100&window=24h")
        await page.get_by_test_id("account").click()
        for text in ("eve", "엔지니어"):
            await expect(page.get_by_role("menu")).to_contain_text(text)
        await page.get_by_test_id("logout").click()
        await expect(page).to_have_url(re.compile(f"^{issuer}/session/end"))
        await page.get_by_role("button", name="Yes, sign me out").click()
        await expect(page).to_have_url(f"{app}/login")
        await page.goto(app)
        await page.get_by_role("link", name="계정으로 로그인").click()
        await page.get_by_placeholder("Enter any login").wait_for()
        await page.context.close()
        await stop_site(site)


ALARM = """INSERT INTO alarm_state
  (tag_name, condition, level, priority, process, ack, raised_at, value, limit_value, quality)
  VALUES (%s, 'HIGH', %s, %s, 'act', 'unacked', now() - interval '5 min', 12, 10, 'good')"""


async def raise_alarm(site: Site, tag: str, priority: int = 2) -> None:
    """An alarm as the worker raises it."""
    async with await connect(site.dsn) as conn:
        await conn.execute(ALARM, (tag, "HH" if priority < 3 else "H", priority))


async def acknowledged_after(site: Site, tag: str) -> float:
    """Seconds between an alarm and its acknowledgement."""
    async with await connect(site.dsn) as conn:
        cursor = await conn.execute(
            "SELECT extract(epoch FROM ts - raised_at)::float8 FROM alarm_journal"
            " WHERE event = 'ACK' AND tag_name = %s",
            (tag,),
        )
        row = await cursor.fetchone()
    assert row is not None
    return float(row[0])


async def test_an_operator_acknowledges_and_every_tab_shows_it_and_a_viewer_reads_why_not(
    browser: Browser, guarded: Site
) -> None:
    for tag, priority in (("D100", 1), ("D101", 2), ("D200", 3)):
        await raise_alarm(guarded, tag, priority)
    viewer = await signed_in_tab(browser, guarded, "/alarms")
    page = await signed_in_tab(browser, guarded, "/alarms", "olaf")
    await expect(viewer.get_by_test_id("may-not")).to_contain_text("logged in as ann")
    for button in ("ack-D101", "ack-all", "banner-ack"):
        await expect(viewer.get_by_test_id(button)).to_be_disabled()
    rows = page.get_by_role("row")
    await expect(rows).to_contain_text(["State", "D100", "D101", "D200"])
    await expect(page.get_by_test_id("banner-evaluated")).to_have_text(
        "nobody evaluates alarms yet"
    )
    # Two rows down and acknowledge, with keys only.
    for key in ("j", "j", "a"):
        await page.keyboard.press(key)
    await expect(page.get_by_test_id("outcome")).to_contain_text("1 acknowledged")
    await page.keyboard.press("t")
    for tab_ in (viewer, page):
        await expect(tab_.get_by_test_id("alarm-D101")).to_have_attribute("data-state", "acked")
        await expect(tab_.get_by_test_id("on-D101")).to_contain_text("olaf is on it")
        await expect(tab_.get_by_test_id("alarm-D101")).to_contain_text("olaf")
    # An urgent alarm needs a comment, on every page.
    await page.keyboard.type("gd")
    await page.get_by_test_id("tile-D100").wait_for()
    await page.get_by_test_id("banner-ack").click()
    await expect(page.get_by_test_id("ask-act")).to_be_disabled()
    await page.get_by_test_id("ask-text").fill("looked at it")
    await page.get_by_test_id("ask-act").click()
    await expect(page.get_by_test_id("banner-top")).to_contain_text("D200")
    await expect(viewer.get_by_test_id("alarm-D100")).to_contain_text("looked at it")
    await viewer.goto(f"{guarded.url}/explore?tags=D100&window=24h&tool=events")
    await expect(viewer.get_by_test_id("note-may-not")).to_contain_text("logged in as ann")
    await expect(viewer.get_by_test_id("note-add")).to_be_disabled()
    await viewer.context.close()
    # A new alarm is not inserted while a row is selected, and is spoken once.
    await page.goto(f"{guarded.url}/alarms")
    await page.get_by_test_id("select-D200").check()
    await raise_alarm(guarded, "D300", 1)
    await expect(page.get_by_test_id("spoken")).to_have_text("New alarm, Urgent: D300, Very high")
    await expect(rows).to_contain_text(["State", "D200", "D100", "D101"])
    await page.get_by_test_id("reorder").click()
    await expect(rows).to_contain_text(["State", "D300", "D200", "D100", "D101"])
    await page.get_by_test_id("selected-shelve").click()
    await page.get_by_test_id("for-once").check()
    await page.get_by_test_id("ask-text").fill("valve is being changed")
    await page.get_by_test_id("ask-act").click()
    await expect(page.get_by_test_id("alarm-D200")).to_have_count(0)
    await page.get_by_test_id("tab-aside").click()
    await expect(page.get_by_test_id("alarm-D200")).to_contain_text("valve is being changed")
    await page.get_by_test_id("tab-journal").click()
    after_s = await acknowledged_after(guarded, "D100")
    await expect(page.get_by_test_id("episode-D100")).to_contain_text(
        f"olaf, after {int(after_s // 60)} min"
    )


async def test_the_text_of_an_annotation_survives_a_reload_and_a_conflict(
    browser: Browser, guarded: Site
) -> None:
    page = await signed_in_tab(browser, guarded, "/explore?tags=D100&window=24h", "olaf")
    await page.get_by_test_id("tool-stats").wait_for()
    text, editor = page.get_by_test_id("note-text"), page.get_by_test_id("note-editor")
    # Until the page knows who asks and what may be saved, the key only shows the list.
    while not await text.count():
        await page.keyboard.press("n")
        await expect(page.get_by_test_id("note-add")).to_be_enabled()
    await expect(text).to_be_focused()
    await page.keyboard.type("<i>씰 교체")
    await page.get_by_test_id("tool-stats").click()
    await page.get_by_test_id("tool-events").click()
    await expect(text).to_have_value("<i>씰 교체")
    await page.reload()
    await page.get_by_test_id("tool-events").click()
    await expect(text).to_have_value("<i>씰 교체")
    await page.get_by_test_id("note-save").click()
    row = page.get_by_test_id("notes").get_by_role("listitem")
    await expect(row).to_contain_text("<i>씰 교체")
    await expect(row).to_contain_text("olaf")
    # Somebody else changes it meanwhile.
    await row.get_by_test_id("note-edit").click()
    await text.fill("mine")
    async with logged_in(guarded, "engineer") as other:
        (note,) = (await other.get("/api/v1/annotations")).json()["rows"]
        sent = {"version": 1, "text": "theirs"}
        assert (await other.patch(f"/api/v1/annotations/{note['id']}", json=sent)).is_success
    await text.press("Control+Enter")
    await expect(page.get_by_test_id("note-conflict")).to_contain_text("theirs")
    await expect(text).to_have_value("mine")
    await page.get_by_test_id("note-mine").click()
    await expect(editor).to_have_count(0)
    await expect(row).to_contain_text("mine")
    await row.get_by_test_id("note-delete").click()
    await row.get_by_test_id("note-delete-yes").click()
    await expect(row).to_have_count(0)
    await page.context.close()


async def test_an_engineer_edits_limits_that_another_person_has_changed(
    browser: Browser, guarded: Site
) -> None:
    page = await signed_in_tab(browser, guarded, "/limits?tag=D100", NAMES["engineer"])
    high, saved = page.get_by_label("H warning high"), page.get_by_test_id("limits-saved")
    await expect(page.get_by_test_id("preview-raises")).to_be_visible()
    await high.fill("hot")
    await expect(page.get_by_role("alert")).to_have_text("is not a number")
    await high.fill("250")
    await page.get_by_label("Reason").fill("new pump")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert").first).to_contain_text("must be at most crit_max")
    await high.fill("186")
    await page.get_by_test_id("preview-exact").click()
    await expect(page.get_by_test_id("limits-preview")).to_have_attribute("data-exact", "true")
    # Another person saves first.
    async with await connect(guarded.dsn) as conn:
        await conn.execute("UPDATE influx_qc_rule SET max_step = 7 WHERE tag_name = 'D100'")
    await page.get_by_role("button", name="Save", exact=True).click()
    conflict = page.get_by_test_id("limits-conflict")
    row = conflict.get_by_role("row").filter(has_text="Largest step")
    await expect(row.get_by_role("cell")).to_have_text(["7", "7", "5"])
    await page.get_by_test_id("conflict-mine").click()
    await expect(page.get_by_label("Largest step")).to_have_value("7")
    await expect(high).to_have_value("186")
    # What differs from the file is above the button and moves it.
    differs = page.get_by_role("table", name="Differences from the file of the last sync")
    await expect(differs).to_contain_text("Largest step")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(saved).to_contain_text("Saved as version")
    await expect(differs).to_contain_text("H warning high")
    history = page.get_by_test_id("limits-history").get_by_role("row")
    await expect(history.nth(1)).to_contain_text("new pump")
    await expect(history.nth(1)).to_contain_text("186")
    page.on("dialog", lambda dialog: dialog.accept("it was right"))
    await history.nth(2).get_by_role("button", name="Go back to it").click()
    await expect(history.nth(1)).to_contain_text("it was right")
    await expect(high).not_to_have_value("186")
    # The page asks before it loses changes that are not saved.
    await high.fill("187")
    everything = page.get_by_role("link", name="Limits of all tags")
    await everything.click()
    unsaved = page.get_by_role("dialog", name="These changes are not saved")
    await expect(unsaved).to_contain_text("H warning high")
    await page.keyboard.press("Escape")
    await expect(everything).to_be_focused()
    await expect(high).to_have_value("187")
    async with page.expect_event("dialog") as dialog:
        await page.evaluate("setTimeout(() => location.reload())")
    assert (await dialog.value).type == "beforeunload"
    await expect(high).not_to_have_value("187")
    await high.fill("188")
    await everything.focus()
    await page.keyboard.type("ga")
    await unsaved.get_by_role("button", name="Leave without saving").press("Enter")
    await expect(page).to_have_url(re.compile("/alarms$"))
    await page.context.close()


async def test_a_saved_view_is_shared_opened_at_the_start_and_shown_on_a_wall(
    browser: Browser, guarded: Site
) -> None:
    async with logged_in(guarded, "operator") as olaf:
        view = {"path": "/", "query": "window=60m", "shared": True, "version": 0}
        assert (await olaf.put("/api/v1/views/Both, 둘", json=view)).status_code == 200
    page = await signed_in_tab(browser, guarded, "/trend?tag=D200&window=24h")
    await expect(page.get_by_test_id("series-tag")).to_have_text("D200")
    await page.get_by_test_id("views").click()
    await expect(page.get_by_test_id("views-shared")).to_contain_text("Both, 둘")
    # A viewer can neither share views nor change the views of others.
    await expect(page.get_by_test_id("view-share")).to_have_count(0)
    await expect(page.get_by_test_id("view-remove")).to_have_count(0)
    await page.get_by_test_id("view-name").fill("Mine")
    await page.get_by_test_id("view-save").click()
    mine = page.get_by_test_id("views-mine")
    await expect(mine).to_contain_text("Trend · D200 · 24 hours")
    await mine.get_by_test_id("view-remove").click()
    await expect(mine).to_have_count(0)
    await page.get_by_test_id("view-undo").click()
    await mine.get_by_test_id("view-start").click()
    await expect(mine.get_by_test_id("view-start")).to_have_attribute("aria-pressed", "true")

    await page.goto(guarded.url)
    await page.wait_for_url(f"{guarded.url}/trend?tag=D200&window=24h")
    await page.get_by_role("link", name="Dashboard").click()
    await page.get_by_test_id("tile-D200").wait_for()

    await page.goto(f"{guarded.url}/wall?views=Both%252C%20둘,Gone,Mine&every=3600")
    head = page.get_by_test_id("kiosk")
    await expect(head.get_by_role("heading")).to_have_text("Both, 둘")
    await expect(page.get_by_test_id("kiosk-live")).to_contain_text("Live")
    await expect(page.get_by_role("link", name="Dashboard")).to_have_count(0)
    await page.keyboard.press("ArrowRight")
    await expect(head.get_by_role("heading")).to_have_text("Mine")
    await expect(page.get_by_test_id("kiosk-skipped")).to_have_text("Left out: Gone")
    await expect(page.get_by_test_id("series-tag")).to_have_text("D200")
    await page.keyboard.press(" ")
    await expect(page.get_by_test_id("kiosk-pause")).to_have_text("Paused")
    # The address has the whole wall, so that a browser that starts again goes on.
    await page.reload()
    await expect(head.get_by_role("heading")).to_have_text("Mine")
    await page.context.close()


async def test_an_operator_sees_limits_and_why_they_cannot_be_edited(
    browser: Browser, guarded: Site
) -> None:
    page = await signed_in_tab(browser, guarded, "/limits?tag=D100", "olaf")
    await expect(page.get_by_test_id("limits-may-not")).to_have_text(
        "olaf (operator) may look at limits. An engineer or an administrator changes them."
    )
    await expect(page.get_by_label("HH critical high")).to_be_disabled()
    await expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    await page.context.close()


async def test_limits_of_many_tags_change_together(browser: Browser, guarded: Site) -> None:
    page = await signed_in_tab(browser, guarded, "/limits", NAMES["engineer"])
    rows = page.get_by_test_id("limits-table").get_by_role("row")
    await page.get_by_test_id("limits-filter").fill("D2")
    await expect(rows).to_have_count(4)
    await page.get_by_test_id("bulk-column").select_option("deadband_pct")
    await page.get_by_test_id("bulk-value").fill("3")
    await page.get_by_role("button", name="Show what would change").first.click()
    proposal = page.get_by_test_id("limits-proposal")
    await expect(proposal.get_by_role("heading")).to_have_text("3 tags would change, 0 would stay")
    await page.get_by_test_id("bulk-reason").fill("noise")
    await page.get_by_test_id("bulk-save").click()
    await expect(proposal).to_have_count(0)
    await expect(rows.nth(1)).to_contain_text("3")
    await page.get_by_text("Paste from a spreadsheet").click()
    await page.get_by_test_id("bulk-text").fill("tag_name\tmax_val\nD200\t-1")
    await page.get_by_test_id("bulk-paste").click()
    await expect(proposal.get_by_role("alert")).to_have_text("1 tag cannot be saved like this")
    await expect(page.get_by_test_id("bulk-save")).to_be_disabled()
    await page.context.close()
