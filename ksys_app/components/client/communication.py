"""The parts of ``/comm`` that go on in the browser."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.course import PICKER
from ksys_app.components.client.files import library


class TagsPicker(rx.Component):
    """Chooses several tags among thousands."""

    library = library("tagspicker.jsx")
    tag = "TagsPicker"
    lib_dependencies: list[str] = PICKER

    values: rx.Var[list[str]]
    most: rx.Var[int]
    label: rx.Var[str]
    words: rx.Var[dict[str, str]]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]


class CommBoard(rx.Component):
    """Heatmaps and outages that mark each other; its children stand above the outages."""

    library = library("commboard.jsx")
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

    library = library("overview.jsx")
    tag = "Overview"

    rows: rx.Var[list[Any]]
    calendar: rx.Var[Any]
    scale: rx.Var[str]
    words: rx.Var[dict[str, str]]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]
