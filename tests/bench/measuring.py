"""Makes the report of a profile: starts what is needed, measures, and ends it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack

from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests.bench import badges, browser, http, insert, overview, statements, watching
from tests.bench.app import App
from tests.bench.database import Bare, Source, writing
from tests.bench.findings import Findings
from tests.bench.profiles import Profile
from tests.bench.report import Report, place

SECTIONS = {
    "statements": "the tile statement of all windows",
    "http": "the HTTP endpoints beside their bare SQL",
    "overview": "the overview of communication beside its bare SQL",
    "badges": "the badges of a tick",
    "inserts": "inserts beside a plain table (needs the owner)",
    "screens": "1, 20 and 300 screens",
    "browser": "pages in Chromium",
}


class NoTag(RuntimeError):
    """The database has no sample."""


async def measure(
    name: str,
    profile: Profile,
    source: Source,
    app: App,
    sections: Collection[str] = SECTIONS,
    tag: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Report:
    """The report of a running app.

    Args:
        name: the name of the profile.
        profile: what is measured.
        source: the database of the app.
        app: the app.
        sections: what of it is measured.
        tag: the tag whose series is requested; None for a tag with recent samples.
        say: called with what is measured now.

    Raises:
        NoTag: the database has no sample.
        KsysError: the database cannot be read.
    """
    started, found = time.monotonic(), Findings(say)
    async with Bare(source) as bare:
        where = place(await bare.versions())
        tag = tag or await bare.alive()
        if tag is None:
            raise NoTag("the database has no sample; fill it first, see --help")
        found.note(f"{len(await bare.names())} tags; series of {tag}")
        if not bare.local:
            found.note("no processor time of the database: it is on another machine")
        settings = load_settings().model_copy(update={"ts_dsn": source.dsn})
        async with runtime.opened(settings):
            if "statements" in sections:
                await statements.measure(profile, bare, tag, found)
            if "http" in sections:
                await http.measure(profile, app, bare, tag, found)
            if "overview" in sections:
                with found.failing("overview"):
                    await overview.measure(profile, bare, found)
    await _rest(profile, source, app, sections, found)
    return Report(
        profile=name,
        about=profile.about,
        place=where,
        seconds=round(time.monotonic() - started, 1),
        figures=tuple(found.figures),
        costs=tuple(found.costs()),
        notes=tuple(found.notes),
    )


async def _rest(
    profile: Profile, source: Source, app: App, sections: Collection[str], found: Findings
) -> None:
    """What needs no connection of its own."""
    if "badges" in sections:
        badges.measure(profile, found)
    if "inserts" in sections and source.owner is None:
        found.note("no inserts: they need the owner's DSN, --owner or TS_ADMIN_DSN")
    elif "inserts" in sections and source.owner is not None:
        with found.failing("inserts"):
            await insert.measure(source.owner, profile.inserts, found)
    async with AsyncExitStack() as stack:
        if {"screens", "browser"} & set(sections):
            await stack.enter_async_context(writing(source))
        if "screens" in sections:
            await watching.measure(profile, app, found)
        if "browser" in sections:
            with found.failing("browser"):
                await browser.measure(profile, app, found)
