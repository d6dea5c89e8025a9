"""The shell around every page: skip links, sidebar, header, status bar, content, footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from ksys_app.components import client
from ksys_app.components.client.alarms import AlarmBanner
from ksys_app.components.client.shell import PaperHead
from ksys_app.components.client.views import Kiosk
from ksys_app.components.navbar import navbar
from ksys_app.components.sidebar import sidebar
from ksys_app.components.words import T, message_text
from ksys_app.texts.windows import window_spans


@dataclass(frozen=True)
class Feed:
    """The state of a page's data, as vars of the page's state.

    Attributes:
        phase: ``idle``, ``loading``, ``loaded``, ``empty``, ``error``, ``retrying``, ``stale``.
        is_loading: whether a query is running.
        realtime: True if live, False if paused.
        problem: the current error.
        updated_ms: the server's time of the last successful update, epoch ms, 0 without one.
        seen_ms: the server's time of the last update of the states of communication, epoch ms.
        db_now_ms: the time of the database's clock at ``updated_ms``.
        tick_s: seconds between updates.
        caption: the description of the loaded data, a message.
        on_retry: tries again at once.
        on_refresh: queries the database at once.
        past: whether the shown time ends before now, so that no new data comes.
    """

    phase: Any
    is_loading: Any
    realtime: Any
    problem: Any
    updated_ms: Any
    seen_ms: Any
    db_now_ms: Any
    tick_s: Any
    caption: Any
    on_retry: Any
    on_refresh: Any
    past: Any = False

    @classmethod
    def of(cls, state: Any, past: Any = False) -> Feed:
        """The feed of a state that has data."""
        return cls(
            phase=state.phase,
            is_loading=state.is_loading,
            realtime=state.realtime_mode,
            problem=state.problem,
            updated_ms=state.updated_ms,
            seen_ms=state.updated_ms,
            db_now_ms=state.db_now_ms,
            tick_s=state.tick_s,
            caption=state.window_caption,
            on_retry=state.retry,
            on_refresh=state.refresh,
            past=past,
        )


@dataclass(frozen=True)
class Place:
    """The source of the data for the footer, as vars of a state."""

    zone: Any
    database: Any
    version: Any
    replica: Any

    @classmethod
    def of(cls, state: Any) -> Place:
        """The place of any state."""
        return cls(state.zone, state.database, state.version, state.replica)


def paper_head(
    name: rx.Var[str],
    subjects: Any,
    *,
    window: Any = "",
    ends: Sequence[int] | rx.Var[list[int]] = (),
    zoom: Sequence[int] | rx.Var[list[int]] = (),
) -> rx.Component:
    """The head of a printed page, below its title.

    Args:
        name: what the subjects are called.
        subjects: the tags, or the filter; empty for all tags.
        window: the label of the window, empty on a page without one.
        ends: start and end of a range, epoch ms; empty if the page shows a window.
        zoom: start and end of the zoomed part, epoch ms; empty without a zoom.
    """
    return PaperHead.create(
        name=name,
        subjects=subjects,
        period=window,
        spans=window_spans(),
        ends=ends if isinstance(ends, rx.Var) else list(ends),
        zoom=zoom if isinstance(zoom, rx.Var) else list(zoom),
    )


def shell(
    route: str,
    title: rx.Var[str],
    *content: rx.Component,
    place: Place,
    paper: rx.Component | None = None,
    feed: Feed | None = None,
    controls: tuple[rx.Component, ...] = (),
    skips: tuple[rx.Component, ...] = (),
) -> rx.Component:
    """A page.

    Args:
        route: its path.
        title: its title, the only ``h1``.
        content: its content.
        place: the source of the data, for the footer.
        paper: the head of the printed page; None for a page without data.
        feed: the state of its data; None for a page without data.
        controls: the controls of the header.
        skips: more skip links.
    """
    return client.Live.create(
        client.SkipLink.create(to="content", text=T.skip_content),
        *skips,
        sidebar(route, None if feed is None else feed.on_refresh),
        rx.el.div(
            AlarmBanner.create(),
            navbar(route, title, *controls),
            Kiosk.create(title=title),
            rx.fragment() if paper is None else paper,
            client.StatusBar.create(on_retry=feed.on_retry) if feed is not None else rx.fragment(),
            rx.el.main(*content, id="content", tab_index=-1, class_name="content"),
            _footer(place, feed),
            class_name="column",
        ),
        zone=place.zone,
        **_live(feed),
    )


def _live(feed: Feed | None) -> dict[str, Any]:
    if feed is None:
        return {
            "phase": "loaded",
            "updated_ms": 0,
            "seen_ms": 0,
            "db_now_ms": 0,
            "tick_s": 0,
            "realtime": False,
            "past": False,
            "is_loading": False,
            "problem": {},
            "caption": {},
        }
    return {
        "phase": feed.phase,
        "updated_ms": feed.updated_ms,
        "seen_ms": feed.seen_ms,
        "db_now_ms": feed.db_now_ms,
        "tick_s": feed.tick_s,
        "realtime": feed.realtime,
        "past": feed.past,
        "is_loading": feed.is_loading,
        "problem": feed.problem,
        "caption": feed.caption,
    }


def _footer(place: Place, feed: Feed | None) -> rx.Component:
    return rx.el.footer(
        rx.el.span(place.database, data_testid="footer-database"),
        rx.el.span(message_text(place.replica), data_testid="footer-replica"),
        rx.el.span(client.DatabaseClock.create()) if feed is not None else rx.fragment(),
        rx.cond(
            place.database != "",
            rx.el.span(place.zone, data_testid="footer-zone"),
            rx.fragment(),
        ),
        rx.el.span(T.product, " ", place.version, data_testid="footer-version"),
        class_name="footer",
    )
