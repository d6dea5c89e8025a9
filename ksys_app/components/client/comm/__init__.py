"""Communication: the heatmaps with their outages, and all tags by days."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.shell import PICKER


class TagsPicker(rx.Component):
    """Chooses several tags among thousands."""

    library = library("comm/tagspicker.jsx")
    tag = "TagsPicker"
    lib_dependencies: list[str] = PICKER

    values: rx.Var[list[str]]
    most: rx.Var[int]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]


class DayField(rx.Component):
    """A day written ``YYYY-MM-DD``; what is none, or lies outside, is told in words."""

    library = library("comm/dayfield.jsx")
    tag = "DayField"

    value: rx.Var[str]
    min: rx.Var[str]
    max: rx.Var[str]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Lasted(rx.Component):
    """How long outages lasted; an ongoing one goes on.

    Attributes:
        ended_min: minutes of those that are over: of the longest, or of all.
        since_ms: when the ongoing one began, epoch milliseconds; 0 without one.
        sum: all of them together, not the longest.
    """

    library = library("comm/lasted.jsx")
    tag = "Lasted"

    ended_min: rx.Var[int]
    since_ms: rx.Var[int]
    sum: rx.Var[bool]


class CommBoard(rx.Component):
    """Heatmaps and outages that mark each other; its children stand above the outages."""

    library = library("comm/commboard.jsx")
    tag = "CommBoard"

    maps: rx.Var[list[Any]]
    calendar: rx.Var[Any]
    outages: rx.Var[list[Any]]
    count: rx.Var[int]
    silent: rx.Var[list[Any]]
    scale: rx.Var[str]
    card: rx.Var[Any]
    csv: rx.Var[dict[str, str]]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_clear: rx.EventHandler[rx.event.no_args_event_spec]
    on_reload: rx.EventHandler[rx.event.no_args_event_spec]


class Overview(rx.Component):
    """Every tag in a row; a row opens its hours.

    Attributes:
        rows: what was counted of each.
        nows: whether each is alive, in the same order.
        sort: the column they are ordered by.
        descending: the greatest first.
    """

    library = library("comm/overview.jsx")
    tag = "Overview"

    rows: rx.Var[list[Any]]
    nows: rx.Var[list[Any]]
    calendar: rx.Var[Any]
    scale: rx.Var[str]
    sort: rx.Var[str]
    descending: rx.Var[bool]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]
    on_sort: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_reload: rx.EventHandler[rx.event.no_args_event_spec]
