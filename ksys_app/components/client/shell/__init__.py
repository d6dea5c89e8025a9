"""Around every page: its address, its data's state, dialogs, menus, keys, the head of its paper."""

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
    """Keeps the address bar at the link of what is selected.

    Attributes:
        link: the address.
        read: the query of the address that the page read its selection from.
        steps: parameters whose change is a step that Back takes again.
        whole: parameters of a complete address: of each list, one. To complete it is no step.
    """

    library = library("shell/address.jsx")
    tag = "Address"

    link: rx.Var[str]
    read: rx.Var[str]
    steps: rx.Var[list[str]]
    whole: rx.Var[list[list[str]]]


class Live(rx.Component):
    """Holds what the page knows of its data; every other part here lives inside one."""

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
    """Switches between English and Korean, at once and without the server."""

    library = library("shell/language.jsx")
    tag = "LanguageToggle"


class Account(rx.Component):
    """Who is logged in, with a menu: what that person may do, administration, the logout."""

    library = library("shell/account.jsx")
    tag = "Account"
    lib_dependencies: list[str] = MENU


class StatusBar(rx.Component):
    """The thin bar under the header: how fresh the page is, in words."""

    library = library("shell/live.jsx")
    tag = "StatusBar"

    on_retry: rx.EventHandler[rx.event.no_args_event_spec]


class ProblemSince(rx.Component):
    """Since when, for how long, and when the next attempt comes."""

    library = library("shell/live.jsx")
    tag = "ProblemSince"

    since_ms: rx.Var[int]
    retry_in: rx.Var[int]


class LiveWord(rx.Component):
    """Live, paused, or that updates are waited for."""

    library = library("shell/live.jsx")
    tag = "LiveWord"


class Waiting(rx.Component):
    """What a skeleton waits for, once that takes longer than it should."""

    library = library("shell/live.jsx")
    tag = "Waiting"


class NextTick(rx.Component):
    """Seconds to the next tick while live."""

    library = library("shell/live.jsx")
    tag = "NextTick"


class DatabaseClock(rx.Component):
    """The database's clock at the last update."""

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
    """A dialog that holds the focus and gives it back."""

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
    """The button and the drawer of narrow screens."""

    library = library("shell/modal.jsx")
    tag = "Drawer"
    lib_dependencies: list[str] = DIALOG

    label: rx.Var[str]
    title: rx.Var[str]
    close_label: rx.Var[str]


class WindowMenu(rx.Component):
    """The 13 windows in four groups; arrows and letters choose."""

    library = library("shell/controls.jsx")
    tag = "WindowMenu"
    lib_dependencies: list[str] = MENU

    value: rx.Var[str]
    groups: rx.Var[list[dict[str, Any]]]
    label: rx.Var[str]
    on_select: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class SearchBox(rx.Component):
    """A filter that answers each key at once and asks the server when typing rests."""

    library = library("shell/controls.jsx")
    tag = "SearchBox"

    value: rx.Var[str]
    label: rx.Var[str]
    clear_label: rx.Var[str]
    delay_ms: rx.Var[int]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Figure(rx.Component):
    """A figure whose ground fades for 400 ms when it changes."""

    library = library("shell/controls.jsx")
    tag = "Figure"

    text: rx.Var[str]


class Keys(rx.Component):
    """One-key shortcuts and the list of them."""

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
    """Moves the focus to the element with the id ``to``."""

    library = library("shell/keys.jsx")
    tag = "SkipLink"

    to: rx.Var[str]
    text: rx.Var[str]


class OpenPicker(rx.Component):
    """A button that leads to the tag picker of the header."""

    library = library("shell/keys.jsx")
    tag = "OpenPicker"

    text: rx.Var[str]


class TagPicker(rx.Component):
    """Chooses one tag among thousands; the names are fetched when it is opened."""

    library = library("shell/tagpicker.jsx")
    tag = "TagPicker"
    lib_dependencies: list[str] = PICKER

    value: rx.Var[str]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Scrollable(rx.Component):
    """A box that the keyboard can enter while its content is wider than it; ``label`` names it."""

    library = library("shell/scrollable.jsx")
    tag = "Scrollable"

    label: rx.Var[str]


class PaperHead(rx.Component):
    """What a page on paper is of: subject, window with its ends, time of the data, zone.

    Attributes:
        subjects: the tags, or the filter; empty for all tags.
        name: what the subjects are called.
        period: the window's label, empty on a page without one.
        spans: seconds of each window by its label.
        ends: begin and end of a range in place of the window, epoch ms; empty for a window.
        zoom: the part of it that a chart shows, epoch ms; empty for all of it.
    """

    library = library("shell/paper.jsx")
    tag = "PaperHead"

    subjects: rx.Var[str]
    name: rx.Var[str]
    period: rx.Var[str]
    spans: rx.Var[dict[str, int]]
    ends: rx.Var[list[int]]
    zoom: rx.Var[list[int]]
