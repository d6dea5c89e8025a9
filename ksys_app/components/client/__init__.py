"""The parts that must go on in the browser without the server: ages, timers, focus, shortcuts.

Each class stands for a React component of a file beside this one. What they say comes from
:mod:`ksys_app.texts` through ``Live``.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

_FILES = {
    name: rx.asset(name, shared=True)
    for name in (
        "address.jsx",
        "chart.jsx",
        "clock.js",
        "columns.js",
        "comm.js",
        "commboard.jsx",
        "controls.jsx",
        "cursor.js",
        "echarts.js",
        "explain.jsx",
        "fresh.jsx",
        "grid.jsx",
        "heatmap.jsx",
        "holes.js",
        "keys.jsx",
        "live.jsx",
        "mark.jsx",
        "modal.jsx",
        "option.js",
        "outages.jsx",
        "overview.jsx",
        "plot.js",
        "tagpicker.jsx",
        "tagspicker.jsx",
        "zone.js",
    )
}
_FONT = ["@fontsource-variable/noto-sans-kr@5.3.1"]
_POPOVER = ["@radix-ui/react-popover@1.3.1"]
_DIALOG = ["@radix-ui/react-dialog@1.3.1"]
_CHART = ["echarts@6.1.0"]
_PICKER = ["downshift@9.5.0"]
_MENU = ["@radix-ui/react-dropdown-menu@2.2.1"]


def _library(name: str) -> str:
    return _FILES[name].importable_path


class Address(rx.Component):
    """Keeps the address bar at the link of what is selected."""

    library = _library("address.jsx")
    tag = "Address"

    link: rx.Var[str]


class Live(rx.Component):
    """Holds what the page knows of its data; every other part here lives inside one."""

    library = _library("live.jsx")
    tag = "Live"
    lib_dependencies: list[str] = _FONT

    phase: rx.Var[str]
    updated_ms: rx.Var[int]
    db_now_ms: rx.Var[int]
    tick_s: rx.Var[int]
    realtime: rx.Var[bool]
    is_loading: rx.Var[bool]
    zone: rx.Var[str]
    problem: rx.Var[Any]
    caption: rx.Var[str]
    t: rx.Var[dict[str, str]]


class StatusBar(rx.Component):
    """The thin bar under the header: how fresh the page is, in words."""

    library = _library("live.jsx")
    tag = "StatusBar"

    on_retry: rx.EventHandler[rx.event.no_args_event_spec]


class ProblemSince(rx.Component):
    """Since when, for how long, and when the next attempt comes."""

    library = _library("live.jsx")
    tag = "ProblemSince"

    since_ms: rx.Var[int]
    retry_in: rx.Var[int]


class NextTick(rx.Component):
    """Seconds to the next tick while live."""

    library = _library("live.jsx")
    tag = "NextTick"


class DatabaseClock(rx.Component):
    """The database's clock at the last update."""

    library = _library("live.jsx")
    tag = "DatabaseClock"


class Mark(rx.Component):
    """The symbol of a state: ``ok``, ``warn``, ``crit``, ``old``, ``never``, ``paused``."""

    library = _library("mark.jsx")
    tag = "Mark"

    kind: rx.Var[str]


class Fresh(rx.Component):
    """An element that carries ``data-comm`` of its tag, and gives its age to what is inside."""

    library = _library("fresh.jsx")
    tag = "Fresh"
    lib_dependencies: list[str] = _POPOVER

    element: rx.Var[str]
    ts_ms: rx.Var[int]
    allowed_s: rx.Var[int]
    comm: rx.Var[str]


class Age(rx.Component):
    """``4 s ago``, each second anew."""

    library = _library("fresh.jsx")
    tag = "Age"


class CommBadge(rx.Component):
    """The Comm state as a badge that explains itself."""

    library = _library("fresh.jsx")
    tag = "CommBadge"

    testid: rx.Var[str]


class CommCell(rx.Component):
    """The Comm state with its age, for a table."""

    library = _library("fresh.jsx")
    tag = "CommCell"

    testid: rx.Var[str]


class Summary(rx.Component):
    """How many tags are critical, in warning, stale or never seen."""

    library = _library("fresh.jsx")
    tag = "Summary"

    rows: rx.Var[list[Any]]


class Explain(rx.Component):
    """A button whose popover explains it."""

    library = _library("explain.jsx")
    tag = "Explain"
    lib_dependencies: list[str] = _POPOVER

    title: rx.Var[str]
    lines: rx.Var[list[str]]


class Modal(rx.Component):
    """A dialog that holds the focus and gives it back."""

    library = _library("modal.jsx")
    tag = "Modal"
    lib_dependencies: list[str] = _DIALOG

    open: rx.Var[bool]
    title: rx.Var[str]
    subtitle: rx.Var[str]
    close_label: rx.Var[str]
    kind: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class Drawer(rx.Component):
    """The button and the drawer of narrow screens."""

    library = _library("modal.jsx")
    tag = "Drawer"
    lib_dependencies: list[str] = _DIALOG

    label: rx.Var[str]
    title: rx.Var[str]
    close_label: rx.Var[str]


class WindowMenu(rx.Component):
    """The 13 windows in four groups; arrows and letters choose."""

    library = _library("controls.jsx")
    tag = "WindowMenu"
    lib_dependencies: list[str] = _MENU

    value: rx.Var[str]
    groups: rx.Var[list[dict[str, Any]]]
    label: rx.Var[str]
    on_select: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class SearchBox(rx.Component):
    """A filter that answers each key at once and asks the server when typing rests."""

    library = _library("controls.jsx")
    tag = "SearchBox"

    value: rx.Var[str]
    label: rx.Var[str]
    clear_label: rx.Var[str]
    delay_ms: rx.Var[int]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class TagPicker(rx.Component):
    """Chooses one tag among thousands; the names are fetched when it is opened."""

    library = _library("tagpicker.jsx")
    tag = "TagPicker"
    lib_dependencies: list[str] = _PICKER

    value: rx.Var[str]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Chart(rx.Component):
    """Lines of one tag over a window, on a canvas, from a URL of columns (PRD §21.2)."""

    library = _library("chart.jsx")
    tag = "Chart"
    lib_dependencies: list[str] = _CHART

    url: rx.Var[str]
    version: rx.Var[int]
    theme: rx.Var[str]
    series: rx.Var[list[dict[str, Any]]]
    bands: rx.Var[list[dict[str, Any]]]
    shown: rx.Var[list[str]]
    limits: rx.Var[dict[str, float]]
    places: rx.Var[int]
    zoom: rx.Var[list[int]]
    name: rx.Var[str]
    caption: rx.Var[str]
    on_toggle: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_zoom: rx.EventHandler[rx.event.passthrough_event_spec(list[int])]
    on_find: rx.EventHandler[rx.event.passthrough_event_spec(int)]


class Figure(rx.Component):
    """A figure whose ground fades for 400 ms when it changes."""

    library = _library("controls.jsx")
    tag = "Figure"

    text: rx.Var[str]


class Keys(rx.Component):
    """One-key shortcuts and the list of them."""

    library = _library("keys.jsx")
    tag = "Keys"
    lib_dependencies: list[str] = _DIALOG

    routes: rx.Var[dict[str, str]]
    shortcuts: rx.Var[list[list[str]]]
    title: rx.Var[str]
    label: rx.Var[str]
    close_label: rx.Var[str]
    on_refresh: rx.EventHandler[rx.event.no_args_event_spec]


class SkipLink(rx.Component):
    """Moves the focus to the element with the id ``to``."""

    library = _library("keys.jsx")
    tag = "SkipLink"

    to: rx.Var[str]
    text: rx.Var[str]


class Grid(rx.Component):
    """A table walked by the arrow keys, whose cells can be copied."""

    library = _library("grid.jsx")
    tag = "Grid"

    copy_label: rx.Var[str]
    copied_label: rx.Var[str]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class TagsPicker(rx.Component):
    """Chooses several tags among thousands."""

    library = _library("tagspicker.jsx")
    tag = "TagsPicker"
    lib_dependencies: list[str] = _PICKER

    values: rx.Var[list[str]]
    most: rx.Var[int]
    label: rx.Var[str]
    words: rx.Var[dict[str, str]]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]


class CommBoard(rx.Component):
    """Heatmaps and outages that mark each other; its children stand above the outages."""

    library = _library("commboard.jsx")
    tag = "CommBoard"

    maps: rx.Var[list[Any]]
    calendar: rx.Var[Any]
    outages: rx.Var[list[Any]]
    count: rx.Var[int]
    scale: rx.Var[str]
    card: rx.Var[Any]
    words: rx.Var[dict[str, str]]
    csv: rx.Var[dict[str, str]]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_clear: rx.EventHandler[rx.event.no_args_event_spec]
    on_reload: rx.EventHandler[rx.event.no_args_event_spec]


class Overview(rx.Component):
    """Every tag by days; a row opens its hours."""

    library = _library("overview.jsx")
    tag = "Overview"

    rows: rx.Var[list[Any]]
    calendar: rx.Var[Any]
    scale: rx.Var[str]
    words: rx.Var[dict[str, str]]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]
