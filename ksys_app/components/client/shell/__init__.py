"""The components around every page: address, state of the data, dialogs, menus, keys."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library

_FONT = ["@fontsource-variable/noto-sans-kr@5.3.1"]
POPOVER = ["@radix-ui/react-popover@1.3.1"]
DIALOG = ["@radix-ui/react-dialog@1.3.1"]
MENU = ["@radix-ui/react-dropdown-menu@2.2.1"]
PICKER = ["downshift@9.5.0"]


class Address(rx.Component):
    """Shows the link of the selection in the address bar.

    Attributes:
        link: the link of the selection.
        read: the query string from which the page read its selection.
        steps: parameters whose change makes a new entry in the history, so that Back returns.
        whole: a complete address has one parameter of each list; completing it makes no entry.
    """

    library = library("shell/address.jsx")
    tag = "Address"

    link: rx.Var[str]
    read: rx.Var[str]
    steps: rx.Var[list[str]]
    whole: rx.Var[list[list[str]]]


class Live(rx.Component):
    """Provides the freshness of the page's data; all other components here must be inside it."""

    library = library("shell/live.jsx")
    tag = "Live"
    lib_dependencies: list[str] = _FONT

    phase: rx.Var[str]
    updated_ms: rx.Var[int]
    seen_ms: rx.Var[int]
    db_now_ms: rx.Var[int]
    tick_s: rx.Var[int]
    realtime: rx.Var[bool]
    past: rx.Var[bool]
    is_loading: rx.Var[bool]
    zone: rx.Var[str]
    problem: rx.Var[Any]
    caption: rx.Var[Any]


class LanguageToggle(rx.Component):
    """Switches between English and Korean at once, without the server."""

    library = library("shell/language.jsx")
    tag = "LanguageToggle"


class Account(rx.Component):
    """The menu of the logged-in user: role and rights, administration, logout."""

    library = library("shell/account.jsx")
    tag = "Account"
    lib_dependencies: list[str] = MENU


class StatusBar(rx.Component):
    """The thin bar below the header: the freshness of the page as text."""

    library = library("shell/live.jsx")
    tag = "StatusBar"

    on_retry: rx.EventHandler[rx.event.no_args_event_spec]


class ProblemSince(rx.Component):
    """Since when and for how long a problem exists, and when the next attempt comes."""

    library = library("shell/live.jsx")
    tag = "ProblemSince"

    since_ms: rx.Var[int]
    retry_in: rx.Var[int]


class LiveWord(rx.Component):
    """The word of the live switch: live, paused, or waiting for updates."""

    library = library("shell/live.jsx")
    tag = "LiveWord"


class Waiting(rx.Component):
    """Says what a skeleton waits for, if loading takes longer than usual."""

    library = library("shell/live.jsx")
    tag = "Waiting"


class NextTick(rx.Component):
    """The seconds to the next tick, while live."""

    library = library("shell/live.jsx")
    tag = "NextTick"


class DatabaseClock(rx.Component):
    """The time of the database's clock at the last update."""

    library = library("shell/live.jsx")
    tag = "DatabaseClock"


class Explain(rx.Component):
    """A button whose popover explains it."""

    library = library("shell/explain.jsx")
    tag = "Explain"
    lib_dependencies: list[str] = POPOVER

    title: rx.Var[str]
    lines: rx.Var[list[str]]


class Modal(rx.Component):
    """A dialog that keeps the focus inside, and returns it when it closes."""

    library = library("shell/modal.jsx")
    tag = "Modal"
    lib_dependencies: list[str] = DIALOG

    open: rx.Var[bool]
    title: rx.Var[str]
    subtitle: rx.Var[str]
    close_label: rx.Var[str]
    kind: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class Drawer(rx.Component):
    """The navigation of narrow screens: a button and a drawer."""

    library = library("shell/modal.jsx")
    tag = "Drawer"
    lib_dependencies: list[str] = DIALOG

    label: rx.Var[str]
    title: rx.Var[str]
    close_label: rx.Var[str]


class WindowMenu(rx.Component):
    """The menu of the 13 windows in four groups."""

    library = library("shell/controls.jsx")
    tag = "WindowMenu"
    lib_dependencies: list[str] = MENU

    value: rx.Var[str]
    groups: rx.Var[list[dict[str, Any]]]
    label: rx.Var[str]
    on_select: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class SearchBox(rx.Component):
    """A text field that calls ``on_search`` when the typing has paused for ``delay_ms``."""

    library = library("shell/controls.jsx")
    tag = "SearchBox"

    value: rx.Var[str]
    label: rx.Var[str]
    clear_label: rx.Var[str]
    delay_ms: rx.Var[int]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Figure(rx.Component):
    """A figure whose background is highlighted, and fades in 400 ms, when it changes."""

    library = library("shell/controls.jsx")
    tag = "Figure"

    text: rx.Var[str]


class Keys(rx.Component):
    """The shortcuts of the pages, and the dialog that lists them."""

    library = library("shell/keys.jsx")
    tag = "Keys"
    lib_dependencies: list[str] = DIALOG

    routes: rx.Var[dict[str, str]]
    shortcuts: rx.Var[list[list[str]]]
    title: rx.Var[str]
    label: rx.Var[str]
    close_label: rx.Var[str]
    on_refresh: rx.EventHandler[rx.event.no_args_event_spec]


class SkipLink(rx.Component):
    """A link that moves the focus to the element with the id ``to``."""

    library = library("shell/keys.jsx")
    tag = "SkipLink"

    to: rx.Var[str]
    text: rx.Var[str]


class OpenPicker(rx.Component):
    """A button that opens the tag picker of the header."""

    library = library("shell/keys.jsx")
    tag = "OpenPicker"

    text: rx.Var[str]


class TagPicker(rx.Component):
    """A picker of one tag among thousands; it fetches the names when it opens."""

    library = library("shell/tagpicker.jsx")
    tag = "TagPicker"
    lib_dependencies: list[str] = PICKER

    value: rx.Var[str]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Scrollable(rx.Component):
    """A box that the keyboard can focus and scroll while its content is wider than the box."""

    library = library("shell/scrollable.jsx")
    tag = "Scrollable"

    label: rx.Var[str]


class PaperHead(rx.Component):
    """The head of a printed page: subject, window with its two ends, time of the data, zone.

    Attributes:
        subjects: the tags, or the filter; empty for all tags.
        name: what the subjects are called.
        period: the window's label, empty on a page without one.
        spans: seconds of each window by its label.
        ends: start and end of a range, epoch ms; empty if the page shows a window.
        zoom: start and end of the zoomed part, epoch ms; empty for all of it.
    """

    library = library("shell/paper.jsx")
    tag = "PaperHead"

    subjects: rx.Var[str]
    name: rx.Var[str]
    period: rx.Var[str]
    spans: rx.Var[dict[str, int]]
    ends: rx.Var[list[int]]
    zoom: rx.Var[list[int]]
