"""A bug in a handler: the log has its traceback, and the page shows INTERNAL."""

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

    async def feed_has_read() -> bool:
        return sum("snapshot_refresh " in line for line in site.log[lines:]) > 1

    # The page reads once, and the feed once more. A snapshot of the feed would end the failure.
    await until(feed_has_read)
    await page.get_by_role("columnheader", name="Value").get_by_role("button").click()
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_attribute("data-state", "stale")
    await expect(bar).to_contain_text(
        "INTERNAL: the page failed; the server's log has the details."
    )
    await expect(page.get_by_test_id("tile-D100")).to_be_visible()
    await site.logged("ZeroDivisionError: a bug in the order of the table", lines)
    log = "\n".join(site.log[lines:])
    (reference,) = re.findall(r"ERROR event handler failed request_id=(\S+)", log)
    await expect(bar).to_contain_text(f"Reference {reference}.")
    assert "Traceback (most recent call last)" in log
    await page.get_by_role("columnheader", name="TAG").get_by_role("button").click()
    await page.get_by_test_id("retry-bar").click()
    await expect(bar).to_have_attribute("data-state", "live")


async def test_the_page_of_a_series_says_internal(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/trend?tag=D100&page=7")
    await expect(page.get_by_test_id("error-box")).to_have_attribute("data-code", "INTERNAL")
    reference = await page.get_by_test_id("request-id").inner_text()
    await site.logged(rf" ERROR .* request_id={reference}$")  # its traceback follows
    await site.logged(rf" page_problem .* request_id={reference}$")


async def test_an_answer_has_the_id_of_its_request(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=ANSWER_S) as client:
        first, second = [(await client.get(path)).headers for path in ("/ping", "/api/nope")]
        answer = await client.get("/ping", headers={"X-Request-Id": "of-a-proxy"})
    assert first["X-Request-Id"] != second["X-Request-Id"]
    assert answer.headers.get_list("X-Request-Id") == ["of-a-proxy"]


async def test_a_bug_in_many_events_writes_a_limited_number_of_tracebacks(site: Site) -> None:
    lines, begin = len(site.log), time.monotonic()
    async with tab(site.url) as good, tab(site.url) as bad:
        await good.update(phase="loaded")
        for _ in range(EVENTS):
            await bad.emit(f"{BOARD}.sort_table", {"column": "value"})
        await bad.update(phase="stale")
        await good.emit(f"{BOARD}.set_tag_filter", {"text": "D2"})
        await good.update(tag_filter="D2")
        assert good.vars()["phase"] == "loaded"

    def tracebacks(since: int) -> int:
        return sum("ZeroDivisionError: a bug" in line for line in site.log[since:])

    # A line that the app wrote may arrive here later. The tests before may have used up a part of
    # this minute.
    async def all_arrived() -> bool:
        return tracebacks(0) >= TRACEBACKS

    await until(all_arrived)
    # On a busy machine the events take several minutes, and each minute may have new tracebacks.
    minutes = int((time.monotonic() - begin) // 60) + 2
    assert tracebacks(lines) <= minutes * TRACEBACKS
    assert tracebacks(lines) < EVENTS
