"""``/explore`` as an analyst uses it."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import BrowserContext, Page, expect
from pypdf import PdfReader

from ksys_app.db import connect
from tests import alarms, plant
from tests.e2e.conftest import Site, policy_watched

TAGS = ("EXPLORED", "탐색 온도")
SILENT = "SILENT"
LONG = "PLANT-1/" + "LONG-" * 36 + "-OUTLET"


@pytest.fixture(scope="module", autouse=True)
async def samples(site: Site) -> None:
    """Two tags of the two hours before now, each with a peak an hour ago.

    A third tag has not sent since yesterday, and others are calculated.
    """
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    values = [(now - timedelta(minutes=m), 99.0 if m == 60 else 20.0 + m % 5) for m in range(120)]
    rows = [(ts, tag, value) for tag in TAGS for ts, value in values]
    async with await connect(site.dsn) as conn:
        await plant.insert(conn, [*rows, (now - timedelta(days=1), SILENT, 7.5)])
        saved = [("DOUBLE", "EXPLORED * 2"), (LONG, "EXPLORED * 3")]
        await conn.cursor().executemany(
            "INSERT INTO expression (name, text, version, author) VALUES (%s, %s, 1, 'ann')", saved
        )


async def opened(context: BrowserContext, site: Site, query: str) -> Page:
    tab = await context.new_page()
    await tab.goto(f"{site.url}/explore?tags={','.join(TAGS)}&{query}")
    return tab


async def test_statistics_lead_to_the_peak_and_two_times_are_compared(
    context: BrowserContext, site: Site
) -> None:
    tab = await opened(context, site, "window=12h")
    line = tab.get_by_test_id("stat-EXPLORED")
    peak = line.locator("td[data-figure=max]")
    await expect(peak).to_contain_text("99.0")
    when = await peak.get_by_role("button").inner_text()
    await peak.get_by_role("button").press("Enter")
    await expect(tab.locator("th.leg-cursor")).to_have_text(when[5:])

    # The last item of the menu leads to the field for any other start.
    await tab.get_by_test_id("compare-menu").press("Enter")
    await expect(tab.get_by_test_id("compare-none")).to_be_focused()
    await tab.keyboard.press("End")
    await expect(tab.get_by_test_id("compare-start")).to_be_focused()
    await tab.keyboard.press("Enter")
    field = tab.get_by_test_id("cmp-start")
    await expect(field).to_be_focused()
    await tab.keyboard.type("noon")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("cmp-wrong")).to_contain_text("'noon' is not a time")
    await field.fill("now-4h")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("cmp-EXPLORED").locator("tr").nth(3)).to_contain_text("99.0")
    await expect(tab.get_by_test_id("cmp-wrong")).to_be_empty()
    await expect(tab).to_have_url(re.compile("compare=now-4h"))


async def test_the_dialog_of_calculated_tags_says_what_is_missing(
    context: BrowserContext, site: Site
) -> None:
    tab = await opened(context, site, "window=12h")
    await tab.get_by_test_id("stat-EXPLORED").wait_for()
    await tab.get_by_test_id("calc-open").click()
    await expect(tab.get_by_test_id("calc-name")).to_be_focused()
    save, why = tab.get_by_test_id("calc-save"), tab.get_by_test_id("calc-why-save")
    await expect(save).to_have_accessible_description("To save, fill in: Name, Expression, Reason.")
    close = tab.get_by_role("dialog").get_by_test_id("close")
    await expect(close).to_have_accessible_name("Close")
    # A grey button leads to what is missing, also with the keyboard.
    await save.press("Enter")
    await expect(tab.get_by_test_id("calc-name")).to_be_focused()
    await tab.get_by_test_id("calc-name").fill("..")
    await tab.get_by_test_id("calc-text").fill("EXPLORED +")
    await tab.get_by_test_id("calc-decimals").fill("13")
    await tab.get_by_test_id("calc-reason").fill("trial")
    for sentence in ("cannot be part of an address", "has an error", "from 0 to 12"):
        await expect(why).to_contain_text(sentence)
    await tab.get_by_test_id("calc-name").fill("TWICE")
    await tab.get_by_test_id("calc-text").fill("EXPLORED * 2")
    await tab.get_by_test_id("calc-decimals").fill("")
    await expect(why).to_have_count(0)
    # This site has no way to save, and says so in the language of the reader.
    await save.press("Enter")
    await expect(tab.get_by_test_id("calc-failure")).to_contain_text("TS_OPERATOR_DSN")
    await tab.keyboard.press("Escape")
    await expect(tab.get_by_test_id("calc-open")).to_be_focused()


async def test_a_compared_chart_and_its_picture_say_what_is_dashed(
    context: BrowserContext, site: Site
) -> None:
    tab = await opened(context, site, "window=60m&compare=previous")
    dashed = tab.get_by_test_id("plot-dashed")
    await expect(dashed).to_have_text(re.compile(r"^ ?Dashed: \d{4}-.+ to \d{4}-"))
    await expect(tab.locator("th.leg-last")).to_have_text("Last mean")
    await tab.get_by_role("button", name="Files").press("Enter")
    async with tab.expect_download() as download:
        await tab.get_by_test_id("file-svg").press("Enter")
    drawing = (await (await download.value).path()).read_text(encoding="utf-8")
    assert "Dashed: " in drawing
    await tab.get_by_test_id("compare-menu").press("Enter")
    await tab.keyboard.press("Home")
    await tab.keyboard.press("Enter")
    await expect(dashed).to_have_count(0)
    # A screen without a person says it too, but has no buttons.
    await tab.goto(f"{tab.url}&compare=previous&kiosk=1")
    await expect(dashed).to_be_visible()
    await expect(tab.get_by_test_id("zoom-in")).to_be_hidden()


async def test_a_tag_that_is_silent_says_when_its_last_value_came_and_leads_there(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    # Among others the legend says it.
    await tab.goto(f"{site.url}/explore?tags={','.join((*TAGS, SILENT))}&window=60m")
    silent = tab.get_by_test_id("silent")
    text = re.compile(r"^Last value 7\.5, \d{4}-\d\d-\d\d \d\d:\d\d:00\.Show that time$")
    await expect(tab.locator(f"tr[data-tag={SILENT}]").get_by_test_id("silent")).to_have_text(text)
    await expect(silent).to_have_count(1)
    # The chart says it of one that is alone.
    await tab.goto(f"{site.url}/explore?tags={SILENT}&window=60m")
    await expect(tab.get_by_test_id("chart-lack").get_by_test_id("silent")).to_have_text(text)
    await expect(silent).to_have_count(1)
    go = tab.get_by_role("button", name=f"Show the time of the last value of {SILENT}")
    await go.press("Enter")
    await expect(tab.get_by_test_id("explore-plot")).to_have_attribute("data-points", "1")
    await expect(tab).to_have_url(re.compile("from="))
    await expect(silent).to_have_count(0)
    await expect(tab.get_by_test_id("explore-box")).to_be_focused()


async def test_the_limits_of_a_calculated_tag_have_no_spike(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    await tab.goto(f"{site.url}/limits?tag=DOUBLE")
    await expect(tab.get_by_test_id("field-max_step")).to_be_visible()
    await expect(tab.get_by_test_id("limits-no-spike")).to_contain_text("a calculated tag has none")
    await expect(tab.get_by_test_id("field-spike_zscore")).to_have_count(0)
    await tab.goto(f"{site.url}/limits?tag=EXPLORED")
    await expect(tab.get_by_test_id("field-spike_zscore")).to_be_visible()
    await expect(tab.get_by_test_id("limits-no-spike")).to_have_count(0)


async def test_a_long_name_is_shortened_where_it_has_no_room(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    await tab.set_viewport_size({"width": 390, "height": 900})
    query = urlencode({"tags": f"{TAGS[0]},{LONG}", "window": "60m", "tool": "relations"})
    await tab.goto(f"{site.url}/explore?{query}")
    name = tab.get_by_test_id("relation-says").get_by_title(LONG)
    await expect(name).to_be_visible()
    await expect(name).to_contain_text(LONG)
    await tab.get_by_test_id("calc-open").click()
    listed = tab.get_by_test_id(f"calc-edit-{LONG}").get_by_title(LONG)
    await expect(listed).to_be_visible()
    for one in (name, listed):
        box = await one.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
        assert box["height"] < 40


async def test_calculated_tags_are_not_offered_on_comm_and_a_link_names_their_members(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    await tab.goto(f"{site.url}/comm?tags=EXPLORED")
    await tab.get_by_test_id("tags-picker").click()
    await expect(tab.get_by_test_id("tags-option-EXPLORED")).to_be_visible()
    await expect(tab.get_by_test_id("tags-option-DOUBLE")).to_have_count(0)
    await tab.get_by_test_id("tags-picker").fill("DOUB")
    await expect(tab.get_by_test_id("tags-options")).to_contain_text("No tag")
    await tab.goto(f"{site.url}/comm?tags=DOUBLE")
    await expect(tab.get_by_test_id("error-box")).to_contain_text(
        "'DOUBLE' is calculated and sends nothing itself; "
        "look at the tags that it uses: EXPLORED (ƒ EXPLORED * 2)"
    )


async def test_trend_of_a_calculated_tag_has_no_columns_of_dashes(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    await tab.goto(f"{site.url}/trend?tag=DOUBLE&window=60m")
    heads = tab.get_by_test_id("series-table").locator("thead th")
    await expect(heads).to_have_text(["Num.", "TAG", "Time Stamp", "avg", "last"])
    await expect(tab.get_by_test_id("check-avg")).to_be_visible()
    await expect(tab.get_by_test_id("check-min")).to_have_count(0)


async def test_the_keyboard_skips_to_the_tools_and_goes_on_beside_a_removed_tag(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    await tab.set_viewport_size({"width": 390, "height": 900})
    await tab.goto(f"{site.url}/explore?tags={','.join(TAGS)}&window=12h")
    peak = tab.get_by_test_id("stat-EXPLORED").locator("td[data-figure=max]").get_by_role("button")
    await peak.wait_for()
    await tab.get_by_role("link", name="Skip to tools").press("Enter")
    await expect(tab.locator("#explore-tools")).to_be_focused()
    # What has the focus is beside the column that stays in place, not below it.
    await peak.focus()
    column = await tab.get_by_test_id("stat-EXPLORED").locator("th").bounding_box()
    focused = await peak.bounding_box()
    assert column is not None
    assert focused is not None
    assert focused["x"] >= column["x"] + column["width"] - 1
    await tab.get_by_test_id("leg-remove").first.press("Enter")
    await expect(tab.get_by_role("button", name=f"Show {TAGS[1]}", exact=True)).to_be_focused()
    await expect(tab.get_by_test_id("leg-show")).to_have_count(1)


@pytest.fixture
async def several(context: BrowserContext, site: Site) -> Page:
    """``/explore`` of two tags with its chart."""
    tab = await context.new_page()
    await tab.goto(f"{site.url}/explore?tags=D101,EXPLORED&window=60m&compare=previous")
    await expect(tab.get_by_test_id("explore-plot")).to_have_attribute("data-state", "drawn")
    return tab


async def test_several_tags_are_saved_as_files(several: Page) -> None:
    violated = await policy_watched(several.context)
    await several.get_by_test_id("files").click()
    saved = {}
    for kind in ("csv", "parquet", "png", "svg"):
        async with several.expect_download() as started:
            await several.get_by_test_id(f"file-{kind}").click()
        file = await started.value
        assert re.fullmatch(rf"D101 and 1 more .*\.{kind}", file.suggested_filename)
        saved[kind] = (await file.path()).read_bytes()
    await expect(several.get_by_test_id("file-done")).to_contain_text("parquet")
    head = saved["csv"].decode("utf-8-sig").splitlines()[0]
    assert head.startswith("bucket,other,D101 avg,D101 min,D101 max,D101 last,D101 other_avg")
    assert saved["parquet"][:4] == saved["parquet"][-4:] == b"PAR1"
    assert saved["png"][:4] == b"\x89PNG"
    assert "EXPLORED" in saved["svg"].decode()
    for name, head in (
        ("stats", "tag_name,title,unit"),
        ("compare", "tag_name,figure"),
        ("events", "kind,tag"),
    ):
        async with several.expect_download() as started:
            await several.get_by_test_id(f"file-table-{name}").click()
        text = (await (await started.value).path()).read_text("utf-8-sig")
        assert text.startswith(head)
    assert violated == []


async def test_a_file_can_be_stopped_and_says_why_there_is_none(several: Page) -> None:
    values = {"found": "9,000,000", "most": "5,000,000"}
    error = {"code": "PAYLOAD_BLOAT", "message": "-", "key": "errors.file_rows", "values": values}
    waiting: list[Any] = []
    await several.route("**/series.csv?*", lambda one: waiting.append(one))
    await several.route(
        "**/series.xlsx?*", lambda one: one.fulfill(status=413, json={"error": error})
    )
    await several.get_by_test_id("files").click()
    await several.get_by_test_id("file-csv").click()
    await several.get_by_test_id("file-stop").click()
    await expect(several.get_by_test_id("file-running")).to_be_hidden()
    await several.get_by_test_id("file-xlsx").click()
    failed = several.get_by_test_id("file-failed")
    await expect(failed).to_contain_text("about 9,000,000 rows of its tags, and 5,000,000 are")
    assert len(waiting) == 1


FONTS_LOADED = """() => new Promise((done) => requestAnimationFrame(
  () => requestAnimationFrame(() => document.fonts.ready.then(() => done(true)))))"""


async def test_the_page_of_several_tags_is_printed_on_a4_across(several: Page) -> None:
    await expect(several.get_by_test_id("statistics")).to_be_visible()
    await expect(several.get_by_test_id("lane")).to_have_attribute("data-loaded", "true")
    for words in (["Explore", "Printed 20", "Oil temperature"], ["탐색", "인쇄시각20"]):
        reader = PdfReader(io.BytesIO(await several.pdf(prefer_css_page_size=True)))
        text = "".join("".join(one.extract_text() for one in reader.pages).split())
        pages = len(reader.pages)
        # The last page has the number of all: none is missing.
        for word in [*words, "D101", "EXPLORED", "P95", "Asia/Seoul", f"{pages}/{pages}"]:
            assert word.replace(" ", "") in text, word
        size = [round(float(one)) for one in reader.pages[0].mediabox[2:]]
        assert size == [842, 595]
        if words[0] == "Explore":
            await several.get_by_test_id("language-toggle").click()
            await expect(several.locator("h1")).to_have_text("탐색")
            # The font comes in parts, which a print does not wait for.
            await several.evaluate(FONTS_LOADED)


async def test_events_stand_below_the_chart_at_their_time_and_are_walked_by_keyboard(
    context: BrowserContext, site: Site
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    begun, ended = now - timedelta(hours=7), now - timedelta(hours=4)
    late = now - timedelta(hours=2)
    async with await connect(site.dsn) as conn:
        await alarms.note(conn, begun, "D102", "RAISE", level="HH")
        await alarms.note(conn, ended, "D102", "CLEAR", level="HH", raised_at=begun)
        await alarms.note(conn, late, "D102", "RAISE", condition="STEP", level="")
        await alarms.note(conn, late, "D102", "CLEAR", condition="STEP", level="", raised_at=late)
    part = "-".join(str(round(one.timestamp() * 1000)) for one in (begun, ended))
    tab = await context.new_page()
    await tab.goto(f"{site.url}/explore?tags=D102&window=12h&part={part}")
    mark = tab.locator('.lane-mark[aria-label*="Very high"]')
    chosen = tab.locator(".explore-part")
    await expect(mark).to_be_visible()
    await expect(chosen).to_be_visible()
    # On the time axis of the chart; at the end of a minute, one of the two goes on first.
    await tab.wait_for_function(
        """() => {
          const [lane, chart] = ['.lane-mark[aria-label*="Very high"]', '.explore-part']
            .map((name) => document.querySelector(name).getBoundingClientRect());
          return ['x', 'width'].every((side) => Math.abs(lane[side] - chart[side]) <= 2);
        }"""
    )
    await mark.focus()
    await expect(tab.get_by_test_id("lane-card")).to_contain_text("(3 h)")
    await tab.keyboard.press("ArrowRight")
    await expect(tab.get_by_test_id("lane-card")).to_contain_text("Jumped")
    await tab.get_by_test_id("lane-kind-alarm").click()
    await expect(mark).to_have_count(0)
    await tab.reload()
    await expect(tab.get_by_test_id("lane-kind-alarm")).to_have_attribute("aria-pressed", "false")
    await tab.get_by_test_id("lane-kind-alarm").click()
    await mark.focus()
    await tab.keyboard.press("Enter")
    await expect(tab).to_have_url(re.compile(r"/alarms/journal\?from=.*tag=D102&condition=HIGH"))


async def test_relations_lead_from_a_matrix_to_two_tags_their_lag_and_hours(
    context: BrowserContext, site: Site
) -> None:
    tab = await context.new_page()
    # Of a time that is over: the figures of one that goes on change under the reader.
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start, end = (f"{now - timedelta(minutes=ago):%Y-%m-%dT%H:%M}Z" for ago in (720, 5))
    shown = f"tags=D101,D102,D202&from={start}&to={end}&tool=relations&rel=matrix"
    await tab.goto(f"{site.url}/explore?{shown}")
    cell = tab.get_by_role("button", name=re.compile("^D102 and D202: r [+-]"))
    await cell.focus()
    figure = await cell.inner_text()
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("relation-r")).to_have_text(figure)
    await expect(tab).to_have_url(re.compile("x=D202&y=D102"))
    await tab.get_by_test_id("relation-lag").focus()
    await tab.keyboard.press("ArrowRight")
    await expect(tab.get_by_test_id("relation-lag-said")).to_have_text("D102 read 60 s later (+1)")
    await expect(tab).to_have_url(re.compile("lag=1"))
    await tab.get_by_test_id("relation-swap").click()
    await expect(tab).to_have_url(re.compile("x=D102&y=D202&lag=-1"))
    await tab.get_by_test_id("relation-histogram").click()
    await expect(tab.get_by_test_id("relation-bins")).to_be_visible()
    await tab.get_by_test_id("relation-heatmap").click()
    await tab.get_by_test_id("relation-week").focus()
    await tab.keyboard.press("ArrowRight")
    await expect(tab.get_by_test_id("relation-cell")).to_contain_text("Monday 00:00 – 01:00")
