"""The control of a time range, as an alternative to the 13 windows."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.shell import POPOVER


class RangeControl(rx.Component):
    """Buttons for earlier and later times, and between them the button that opens the range panel.

    Attributes:
        start: the start of the range as text, empty while one of the 13 windows is shown.
        end: the end of the range as text.
        ends: start and end of the range, epoch ms; empty for a window.
        seconds: the length of the window.
        past: whether the shown time ends before now.
        usual: the start of the shown window as text.
        quick: the offered ranges: key of the name, start, end.
        problem: why the last requested range is invalid, a message.
        on_range: the user requests the range between two texts.
        on_shift: the user requests a time so many half lengths later; negative: earlier.
    """

    library = library("range/loader.jsx")
    tag = "RangeControl"
    lib_dependencies: list[str] = POPOVER

    start: rx.Var[str]
    end: rx.Var[str]
    ends: rx.Var[list[int]]
    seconds: rx.Var[int]
    past: rx.Var[bool]
    usual: rx.Var[str]
    quick: rx.Var[list[list[str]]]
    problem: rx.Var[Any]
    on_range: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_shift: rx.EventHandler[rx.event.passthrough_event_spec(int)]
