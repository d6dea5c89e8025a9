"""The components of ``/comm``: heatmaps with outages, and the overview of all tags."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.shell import PICKER


class TagsPicker(rx.Component):
    """A picker of several tags among thousands."""

    library = library("comm/tagspicker.jsx")
    tag = "TagsPicker"
    lib_dependencies: list[str] = PICKER

    values: rx.Var[list[str]]
    most: rx.Var[int]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]


class DayField(rx.Component):
    """A field for a day, ``YYYY-MM-DD``; it says why a text is invalid or out of range."""

    library = library("comm/dayfield.jsx")
    tag = "DayField"

    value: rx.Var[str]
    min: rx.Var[str]
    max: rx.Var[str]
    label: rx.Var[str]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class OutageLength(rx.Component):
    """The length of the longest outage, or of all; an ongoing outage grows with the clock.

    Attributes:
        ended_min: the minutes of the longest ended outage, or of all ended ones.
        since_ms: the start of the ongoing outage, epoch milliseconds; 0 without one.
        sum: whether the lengths of all outages are added; else the longest is shown.
    """

    library = library("comm/outagelength.jsx")
    tag = "OutageLength"

    ended_min: rx.Var[int]
    since_ms: rx.Var[int]
    sum: rx.Var[bool]


class CommBoard(rx.Component):
    """The heatmaps and the table of outages, which highlight each other; children lie between."""

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
    """The table of all tags; a click on a row opens the hours of its tag.

    Attributes:
        rows: the counts of each tag.
        nows: the current state of communication of each tag, in the same order.
        sort: the column of the order.
        descending: whether the greatest comes first.
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
