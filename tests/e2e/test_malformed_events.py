"""Malformed events from a browser, on a running app (PRD §10)."""

from __future__ import annotations

import re
import time
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, WebSocket, expect
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from ksys_app.events.refusals import ALL_LINES, CONNECTION_LINES, KINDS
from tests.e2e.conftest import ANSWER_S, Site
from tests.waiting import until
from tests.wire import BOARD, ROOT, address, event, frame, tab

FILTER = f"{BOARD}.set_tag_filter"
DEEP = "[" * 100_000 + "]" * 100_000
MALFORMED: dict[str, tuple[str | bytes, str]] = {
    "a wrong type": (frame("event", event(FILTER, {"text": 7})), "arguments"),
    "a list for a text": (frame("event", event(FILTER, {"text": ["a"]})), "arguments"),
    "null for a text": (frame("event", event(FILTER, {"text": None})), "arguments"),
    "an argument missing": (frame("event", event(FILTER)), "arguments"),
    "an argument too many": (frame("event", event(FILTER, {"text": "", "x": 1})), "arguments"),
    "a huge text": (frame("event", event(FILTER, {"text": "x" * 200_000})), "arguments"),
    "a huge frame": (frame("event", event(FILTER, {"text": "x" * 999_999})), "size"),
    "no object as payload": (frame("event", event(FILTER, [1])), "arguments"),
    "an unknown handler": (frame("event", event(f"{BOARD}.nope")), "handler"),
    "an unknown state": (frame("event", event("no.such.state.load")), "handler"),
    "the name of a state": (frame("event", event(BOARD)), "handler"),
    "a private name": (frame("event", event(f"{BOARD}._show", {"tile_set": 1})), "handler"),
    "a setter of any var": (
        frame("event", event(f"{BOARD}.setvar", {"var_name": "phase", "value": "x"})),
        "handler",
    ),
    "a var that no browser keeps": (
        frame(
            "event",
            event(
                f"{ROOT}.reflex___state____update_vars_internal_state.update_vars_internal",
                {"vars": {f"{BOARD}.phase_rx_state_": "x"}},
            ),
        ),
        "arguments",
    ),
    "no path of this host": (frame("event", event(FILTER, {"text": ""}, "//[::1")), "event"),
    "a name that is none": (frame("event", {"name": ["a"], "payload": {}}), "event"),
    "a number as event": (frame("event", 5), "event"),
    "no event": (frame("event"), "frame"),
    "another message": (frame("connect", {"QUERY_STRING": "token=x"}), "frame"),
    "an empty message": ("42/_event,[]", "frame"),
    "a message that is no list": ('42/_event,{"a":1}', "frame"),
    "half a JSON": ('42/_event,["event",{', "json"),
    "NaN": ('42/_event,["event",{"name":"a","payload":{"x":NaN}}]', "json"),
    "half a character": ('42/_event,["event",{"name":"\\ud800","payload":{}}]', "json"),
    "depth beyond measure": (f'42/_event,["event",{DEEP}]', "json"),
    "another namespace": ("40/admin,", "frame"),
    "a second join": ("40/_event,{}", "frame"),
    "an answer to nothing": ("43/_event,1[]", "frame"),
    "an attachment": ('451-/_event,["event",{"_placeholder":true,"num":0}]', "frame"),
    "an unknown packet": ("9", "frame"),
    "an empty packet": ("4", "frame"),
    "an empty frame": ("", "frame"),
    "bytes": (b"\x04\xff\x00", "frame"),
}
FLOOD = 5_000
BOMB = zlib.compress(b"x" * 3_000_000, wbits=-12)[:-4]


async def counted(site: Site) -> dict[str, float]:
    """Refused messages by kind, from ``/metrics``."""
    async with httpx.AsyncClient(timeout=ANSWER_S) as client:
        text = (await client.get(f"{site.url}/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = families["ksys_events_refused"].samples
    return {it.labels["kind"]: it.value for it in samples if it.name.endswith("_total")}


async def counted_up_to(site: Site, total: float) -> dict[str, float]:
    """Wait until so many messages were refused; returns the counts."""

    async def reached() -> bool:
        return sum((await counted(site)).values()) >= total

    await until(reached)
    return await counted(site)


def refusals(lines: list[str]) -> list[str]:
    return [line for line in lines if " event_refused " in line]


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_message_is_one_line_counted_by_kind_and_the_tab_continues(
    site: Site, what: str
) -> None:
    text, kind = MALFORMED[what]
    before, lines = await counted(site), len(site.log)
    async with tab(site.url) as wire:
        await wire.update(phase="loaded")
        await wire.send(text)
        after = await counted_up_to(site, sum(before.values()) + 1)
        assert after == before | {kind: before[kind] + 1}
        await wire.emit(FILTER, {"text": "D1"})
        await wire.update(tag_filter="D1")
    await site.logged(" event_refused ", lines)
    (line,) = refusals(site.log[lines:])
    assert re.search(rf" WARNING event_refused .* kind={kind} why=\S", line)
    assert len(line) < 600
    assert not [entry for entry in site.log[lines:] if "Traceback" in entry or "Error" in entry]


async def test_thousands_of_malformed_messages_are_ten_lines_and_other_tabs_go_on(
    site: Site,
) -> None:
    before, lines, begin = await counted(site), len(site.log), time.monotonic()
    texts = [text for what, (text, _) in MALFORMED.items() if "huge" not in what and text != b""]
    async with tab(site.url) as good, tab(site.url) as bad:
        await good.update(phase="loaded")
        grown = memory(site)
        for number in range(FLOOD):
            await bad.send(texts[number % len(texts)])
        ticks = good.vars()["updated_ms"]
        after = await counted_up_to(site, sum(before.values()) + FLOOD)
        assert sum(after.values()) == sum(before.values()) + FLOOD
        while good.vars()["updated_ms"] == ticks:
            await good.next_update()
        assert not bad.closed, "it may be a page of another version, which gets a message"
        await bad.emit(FILTER, {"text": "D2"})
        await bad.update(tag_filter="D2")
        assert memory(site) - grown < 50 * 2**20
    logged = refusals(site.log[lines:])
    assert ["muted=true" in line for line in logged[:10]] == [False] * 9 + [True]
    minutes = minutes_since(begin)
    assert CONNECTION_LINES <= len(logged) <= minutes * CONNECTION_LINES
    assert sum(map(len, logged)) < minutes * 6_000
    assert not [line for line in site.log[lines:] if "Traceback" in line]


def minutes_since(begin: float) -> int:
    """The minutes since ``begin``, rounded up.

    A busy machine takes several minutes for what a limit of lines a minute is about.
    """
    return int((time.monotonic() - begin) // 60) + 1


def memory(site: Site) -> int:
    """Bytes that the app's process has in memory."""
    return int(Path(f"/proc/{site.process.pid}/statm").read_text("ascii").split()[1]) * 4096


@pytest.mark.parametrize(
    ("boot", "kind"),
    [
        ({"event": 5, "state_schema": "other"}, "event"),
        ({"event": event("old.page.hydrate"), "state_schema": "other"}, "handler"),
        ({"event": event(f"{ROOT}.hydrate_and_load", {"vars": 5}), "state_schema": 7}, "arguments"),
    ],
)
async def test_a_page_whose_first_event_is_malformed_joins_and_gets_messages(
    site: Site, boot: dict[str, Any], kind: str
) -> None:
    before = await counted(site)
    async with tab(site.url, boot) as wire:
        after = await counted_up_to(site, sum(before.values()) + 1)
        assert after == before | {kind: before[kind] + 1}
        if boot["state_schema"] == "other":
            await wire.wait_for_message("state_mismatch")
        await wire.emit(f"{ROOT}.hydrate_and_load", {"vars": {}, "hashes": None})
        await wire.update(phase="loaded")


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 65, "a%20b%20c%20d", "%00%00%00%00%00%00%00%00", "x%26&token=12345678"]
)
async def test_a_tab_without_a_valid_token_cannot_join(site: Site, token: str) -> None:
    before, lines = await counted(site), len(site.log)
    async with connect(address(site.url, token)) as socket:
        assert str(await socket.recv()).startswith("0{"), "the way for websockets is open"
        await socket.send("40/_event,{}")
        await socket.send(frame("event", event(FILTER, {"text": "x" * 1000})))
        after = await counted_up_to(site, sum(before.values()) + 2)
    assert after == before | {
        "connection": before["connection"] + 1,
        "frame": before["frame"] + 1,
    }
    assert len(refusals(site.log[lines:])) == 2
    assert "Traceback" not in "".join(site.log[lines:])


@pytest.mark.parametrize(
    ("first", "content", "kind"),
    [
        pytest.param(0x81, b"\xff\xfe", "frame", id="no UTF-8"),
        pytest.param(0x81, b"x" * 3_000_000, "size", id="three million"),
        pytest.param(0xC1, b"\xff" * 9, "frame", id="no compression"),
        pytest.param(0xC1, BOMB, "size", id="a megabyte in a kilobyte"),
        pytest.param(0xB1, b"x", "frame", id="reserved bits"),
        pytest.param(0x80, b"x", "frame", id="continues nothing"),
        pytest.param(0x89, b"x" * 200, "frame", id="a ping too long"),
        pytest.param(0x83, b"", "frame", id="an unknown kind"),
    ],
)
async def test_invalid_websocket_frames_end_the_connection_without_a_traceback(
    site: Site, first: int, content: bytes, kind: str
) -> None:
    before, lines = await counted(site), len(site.log)
    async with tab(site.url) as good, tab(site.url) as bad:
        await good.update(phase="loaded")
        await bad.raw(first, content)
        await bad.ended()
        after = await counted_up_to(site, sum(before.values()) + 1)
        assert after == before | {kind: before[kind] + 1}
        await good.next_update()
    await site.logged(" event_refused ", lines)
    logged = [line for line in site.log[lines:] if " INFO " not in line]
    assert logged == refusals(logged)
    assert len(logged) == 1


async def test_all_kinds_are_reported_from_the_start(site: Site) -> None:
    assert set(await counted(site)) == set(KINDS)


async def test_reports_of_a_failed_page_are_few_short_lines(site: Site) -> None:
    lines, begin = len(site.log), time.monotonic()
    report = {"info": "TypeError: x\n at y" + "z" * 50_000, "component_stack": "\n at Tile"}
    handler = f"{ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception"
    async with tab(site.url) as wire:
        await wire.update(phase="loaded")
        for _ in range(200):
            await wire.emit(handler, report)
            await wire.send(frame("client_error", {"error_type": "x", "message": "m" * 50_000}))
        await wire.emit(FILTER, {"text": "D1"})
        await wire.update(tag_filter="D1")
    await site.logged(" page_fail ", lines)
    logged = [line for line in site.log[lines:] if " page_fail " in line]
    assert len(logged) <= minutes_since(begin) * 20
    assert all(len(line) < 2_500 for line in logged)
    assert not [line for line in site.log[lines:] if " page_fail " not in line and "z" * 99 in line]


async def test_no_message_of_a_browser_is_refused(context: BrowserContext, site: Site) -> None:
    before, lines = await counted(site), len(site.log)
    page = await context.new_page()
    await page.goto(site.url)
    await page.get_by_test_id("tile-D100").wait_for()
    await page.get_by_test_id("tag-filter").fill("D1")
    await page.get_by_test_id("tile-pin").first.click()
    await page.get_by_test_id("tile-open").first.click()
    await expect(page.get_by_test_id("detail")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("detail")).to_be_hidden()
    await page.get_by_test_id("live-toggle").click()
    await page.get_by_test_id("live-toggle").click()
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-24h").click()
    await page.get_by_role("columnheader", name="Value").get_by_role("button").click()
    await page.reload()
    for path in ("/trend?tag=D101&window=60m", "/tech?tag=D101&window=60m"):
        await page.goto(site.url + path)
        chart = page.get_by_test_id("chart")
        await expect(chart).to_have_attribute("data-state", "drawn")
        await page.get_by_test_id("chart-box").focus()
        for key in ("+", "+", "ArrowRight", "Enter", "0"):
            await page.keyboard.press(key)
        await page.get_by_test_id("legend-avg").click()
        await page.get_by_test_id("refresh").click()
        await expect(chart).to_have_attribute("data-state", "drawn")
    await page.goto(f"{site.url}/comm?tags=D100,D101")
    await page.get_by_test_id("map-D101").locator("[data-i]").nth(99).click()
    await expect(page.get_by_test_id("card-local")).to_be_visible()
    await page.get_by_test_id("prev").click()
    await page.get_by_test_id("recent").click()
    await page.get_by_test_id("start-date").fill("2026-01-05")
    await page.get_by_test_id("choose-overview").click()
    await page.get_by_test_id("tag-filter").fill("D2")
    await page.get_by_test_id("overview-D200").get_by_role("button").click()
    await page.get_by_test_id("map-D200").wait_for()
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda text: frames.append(str(text)))

    async def shown() -> bool:
        return '"delta"' in "".join(frames)

    page.on("websocket", listen)
    await page.goto(f"{site.url}/nowhere?x=%5B%3A")
    await until(shown)
    await page.goto(site.url)
    await page.get_by_test_id("tile-D100").wait_for()
    assert refusals(site.log[lines:]) == []
    assert await counted(site) == before


async def test_many_connections_write_a_limited_number_of_lines(site: Site) -> None:
    before, lines, begin = await counted(site), len(site.log), time.monotonic()
    for _ in range(40):
        async with tab(site.url) as wire:
            for _ in range(20):
                await wire.send("9")
            await wire.update(phase="loaded")
    await counted_up_to(site, sum(before.values()) + 40 * 20)
    assert len(refusals(site.log[lines:])) <= minutes_since(begin) * ALL_LINES
