"""Any time range beside the 13 windows: its button, its panel, and steps to earlier and later."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.shell import POPOVER


class RangeControl(rx.Component):
    """Steps to earlier and later, and between them the button of the panel that asks for a range.

    Attributes:
        start: the text of the range's start, empty while one of the 13 windows is shown.
        end: the text of its end.
        ends: begin and end of the range, epoch ms; empty for a window.
        seconds: the length of the window.
        past: whether what is shown ends before now.
        usual: the text of the start of what is shown, where that is a window.
        quick: ranges to choose from: key of the name, start, end.
        problem: why the last range that was asked for is none, a message.
        on_range: asked for the range between two texts.
        on_shift: asked for the time beside, in halves of the length, earlier ones negative.
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
