"""A bug in a handler: its traceback is in the log, and its page shows INTERNAL."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from ksys_app.states.failure import TRACEBACKS
from tests.database import TestDatabases
from tests.e2e.conftest import ANSWER_S, Site, seed, start_site, stop_site
from tests.waiting import until
from tests.wire import BOARD, tab

# Read by Python when the app's process starts: the rules of the product, with bugs.
BUGS = """
from ksys_app.domain import ordering, paging

table_order, page = ordering.table_order, paging.page

def broken(tiles, wanted, column, *more):
    if column == "value":
        raise ZeroDivisionError("a bug in the order of the table")
    return table_order(tiles, wanted, column, *more)

def broken_page(total, wanted):
    if wanted == 7:
        raise ZeroDivisionError("a bug in the pages")
    return page(total, wanted)

ordering.table_order, paging.page = broken, broken_page
"""
EVENTS = 80


@pytest.fixture(scope="module")
async def site(
    databases: TestDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    dsn = await databases.fresh()
    await seed(dsn)
    folder = tmp_path_factory.mktemp("bugs")
    (folder / "sitecustomize.py").write_text(BUGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        served = await start_site(databases, dsn, tick_s=60)
    yield served
    await stop_site(served)
    await databases.drop(dsn)


async def test_the_page_says_internal_and_keeps_what_it_shows(
    context: BrowserContext, site: Site
) -> None:
    lines = len(site.log)
    page = await context.new_page()
    await page.goto(site.url)
    await page.get_by_test_id("tile-D100").wait_for()

    async def followed() -> bool:
        return sum("snapshot_refresh " in line for line in site.log[lines:]) > 1

    # The page asks once, the feed once more: what it publishes would mend the page by itself.
    await until(followed)
    await page.get_by_role("columnheader", name="Value").get_by_role("button").click()
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_attribute("data-state", "stale")
    await expect(bar).to_contain_text(
        "INTERNAL: the page failed; the server's log has the details."
    )
    await expect(page.get_by_test_id("tile-D100")).to_be_visible()
    told = "\n".join(site.log[lines:])
    (failed,) = re.findall(r"ERROR event handler failed request_id=(\S+)", told)
    await expect(bar).to_contain_text(f"Reference {failed}.")
    assert "ZeroDivisionError: a bug in the order of the table" in told
    assert "Traceback (most recent call last)" in told
    await page.get_by_role("columnheader", name="TAG").get_by_role("button").click()
    await page.get_by_test_id("retry-bar").click()
    await expect(bar).to_have_attribute("data-state", "live")


async def test_the_page_of_a_series_says_it_too(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/trend?tag=D100&page=7")
    await expect(page.get_by_test_id("error-box")).to_have_attribute("data-code", "INTERNAL")
    reference = await page.get_by_test_id("request-id").inner_text()
    told = [line for line in site.log if line.endswith(f" request_id={reference}")]
    assert any(" ERROR " in line for line in told), "its traceback follows"
    assert " page_problem " in told[-1]


async def test_an_answer_names_its_id(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=ANSWER_S) as client:
        first, second = [(await client.get(path)).headers for path in ("/ping", "/api/nope")]
        given = await client.get("/ping", headers={"X-Request-Id": "of-a-proxy"})
    assert first["X-Request-Id"] != second["X-Request-Id"]
    assert given.headers.get_list("X-Request-Id") == ["of-a-proxy"]


async def test_a_bug_of_every_event_is_a_bounded_number_of_tracebacks(site: Site) -> None:
    lines, begin = len(site.log), time.monotonic()
    async with tab(site.url) as good, tab(site.url) as bad:
        await good.update(phase="loaded")
        for _ in range(EVENTS):
            await bad.emit(f"{BOARD}.sort_table", {"column": "value"})
        await bad.update(phase="stale")
        await good.emit(f"{BOARD}.set_tag_filter", {"text": "D2"})
        await good.update(tag_filter="D2")
        assert good.vars()["phase"] == "loaded"

    def told(since: int) -> int:
        return sum("ZeroDivisionError: a bug" in line for line in site.log[since:])

    # What the app has written is read line by line, and may not all be here yet. The tests before
    # may have used up a part of this minute.
    async def read() -> bool:
        return told(0) >= TRACEBACKS

    await until(read)
    # A busy machine needs several minutes for the events, and each minute brings new ones.
    minutes = int((time.monotonic() - begin) // 60) + 2
    assert told(lines) <= minutes * TRACEBACKS
    assert told(lines) < EVENTS
