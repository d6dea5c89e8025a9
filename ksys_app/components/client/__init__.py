"""The parts that must go on in the browser without the server: ages, timers, focus, shortcuts.

Each class stands for a React component of a file beside this one. What they say comes from
:mod:`ksys_app.texts` through ``Live``.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.models.views import TallyView

_FONT = ["@fontsource-variable/noto-sans-kr@5.3.1"]
_POPOVER = ["@radix-ui/react-popover@1.3.1"]
_DIALOG = ["@radix-ui/react-dialog@1.3.1"]
_MENU = ["@radix-ui/react-dropdown-menu@2.2.1"]


class Address(rx.Component):
    """Keeps the address bar at the link of what is selected.

    Attributes:
        link: the address.
        read: the query of the address that the page read its selection from.
        steps: parameters whose change is a step that Back takes again.
    """

    library = library("address.jsx")
    tag = "Address"

    link: rx.Var[str]
    read: rx.Var[str]
    steps: rx.Var[list[str]]


class Live(rx.Component):
    """Holds what the page knows of its data; every other part here lives inside one."""

    library = library("live.jsx")
    tag = "Live"
    lib_dependencies: list[str] = _FONT

    phase: rx.Var[str]
    updated_ms: rx.Var[int]
    seen_ms: rx.Var[int]
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

    library = library("live.jsx")
    tag = "StatusBar"

    on_retry: rx.EventHandler[rx.event.no_args_event_spec]


class ProblemSince(rx.Component):
    """Since when, for how long, and when the next attempt comes."""

    library = library("live.jsx")
    tag = "ProblemSince"

    since_ms: rx.Var[int]
    retry_in: rx.Var[int]


class LiveWord(rx.Component):
    """Live, paused, or that updates are waited for."""

    library = library("live.jsx")
    tag = "LiveWord"


class Waiting(rx.Component):
    """What a skeleton waits for, once that takes longer than it should."""

    library = library("live.jsx")
    tag = "Waiting"


class NextTick(rx.Component):
    """Seconds to the next tick while live."""

    library = library("live.jsx")
    tag = "NextTick"


class DatabaseClock(rx.Component):
    """The database's clock at the last update."""

    library = library("live.jsx")
    tag = "DatabaseClock"


class Mark(rx.Component):
    """A symbol: ``ok``, ``warn``, ``crit``, ``old``, ``still``, ``never`` or ``paused``."""

    library = library("mark.jsx")
    tag = "Mark"

    kind: rx.Var[str]


class Fresh(rx.Component):
    """An element that carries ``data-comm`` of its tag, and gives its age to what is inside."""

    library = library("fresh.jsx")
    tag = "Fresh"
    lib_dependencies: list[str] = _POPOVER

    element: rx.Var[str]
    ts_ms: rx.Var[int]
    allowed_s: rx.Var[int]
    comm: rx.Var[str]
    still_s: rx.Var[int]
    still_longer: rx.Var[bool]


class StillFor(rx.Component):
    """How long the value has been the same, in place of what is in it."""

    library = library("fresh.jsx")
    tag = "StillFor"


class Age(rx.Component):
    """``4 s ago``, each second anew."""

    library = library("fresh.jsx")
    tag = "Age"


class CommBadge(rx.Component):
    """The Comm state as a badge that explains itself."""

    library = library("fresh.jsx")
    tag = "CommBadge"

    testid: rx.Var[str]


class CommCell(rx.Component):
    """The Comm state with its age, for a table."""

    library = library("fresh.jsx")
    tag = "CommCell"

    testid: rx.Var[str]


class State(rx.Component):
    """The state of a tag with symbol and word, and since when, each second anew.

    Attributes:
        level: 0 normal, 1 warning, 2 critical, -1 not judged.
        since_ms: since when, epoch milliseconds; 0 where that is not known.
        at_least: whether it may have begun earlier.
        by_minute: whether the time is known to the minute only.
    """

    library = library("fresh.jsx")
    tag = "State"

    level: rx.Var[int]
    since_ms: rx.Var[int]
    at_least: rx.Var[bool]
    by_minute: rx.Var[bool]


class Summary(rx.Component):
    """How many tags there are, and how many of them have what wrong; a count shows its own."""

    library = library("summary.jsx")
    tag = "Summary"

    tally: rx.Var[TallyView]
    only: rx.Var[str]
    on_only: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Explain(rx.Component):
    """A button whose popover explains it."""

    library = library("explain.jsx")
    tag = "Explain"
    lib_dependencies: list[str] = _POPOVER

    title: rx.Var[str]
    lines: rx.Var[list[str]]


class Modal(rx.Component):
    """A dialog that holds the focus and gives it back."""

    library = library("modal.jsx")
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

    library = library("modal.jsx")
    tag = "Drawer"
    lib_dependencies: list[str] = _DIALOG

    label: rx.Var[str]
    title: rx.Var[str]
    close_label: rx.Var[str]


class WindowMenu(rx.Component):
    """The 13 windows in four groups; arrows and letters choose."""

    library = library("controls.jsx")
    tag = "WindowMenu"
    lib_dependencies: list[str] = _MENU

    value: rx.Var[str]
    groups: rx.Var[list[dict[str, Any]]]
    label: rx.Var[str]
    on_select: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class SearchBox(rx.Component):
    """A filter that answers each key at once and asks the server when typing rests."""

    library = library("controls.jsx")
    tag = "SearchBox"

    value: rx.Var[str]
    label: rx.Var[str]
    clear_label: rx.Var[str]
    delay_ms: rx.Var[int]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Figure(rx.Component):
    """A figure whose ground fades for 400 ms when it changes."""

    library = library("controls.jsx")
    tag = "Figure"

    text: rx.Var[str]


class Name(rx.Component):
    """A tag's name, shortened in its middle where it has no room."""

    library = library("name.jsx")
    tag = "Name"

    text: rx.Var[str]


class Digits(rx.Component):
    """A figure whose thousands stand apart by space alone, so that it is copied as one number."""

    library = library("digits.jsx")
    tag = "Digits"

    text: rx.Var[str]


class Keys(rx.Component):
    """One-key shortcuts and the list of them."""

    library = library("keys.jsx")
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

    library = library("keys.jsx")
    tag = "SkipLink"

    to: rx.Var[str]
    text: rx.Var[str]


class OpenPicker(rx.Component):
    """A button that leads to the tag picker of the header."""

    library = library("keys.jsx")
    tag = "OpenPicker"

    text: rx.Var[str]


class Grid(rx.Component):
    """A table walked by the arrow keys, whose cells can be copied."""

    library = library("grid.jsx")
    tag = "Grid"

    copy_label: rx.Var[str]
    copied_label: rx.Var[str]
    found: rx.Var[int]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Steady(rx.Component):
    """Holds the order of what is in it while the pointer or the keyboard is used there.

    Attributes:
        moved: how many tags would move.
        label: what the button says, with ``{n}`` for ``moved``.
        rest_s: seconds after which a pointer or a focus that rests holds no longer.
        on_hold: the pointer or the keyboard has come, or both have gone or rest.
        on_reorder: the order is asked for now.
    """

    library = library("steady.jsx")
    tag = "Steady"

    moved: rx.Var[int]
    label: rx.Var[str]
    rest_s: rx.Var[int]
    on_hold: rx.EventHandler[rx.event.passthrough_event_spec(bool)]
    on_reorder: rx.EventHandler[rx.event.no_args_event_spec]
