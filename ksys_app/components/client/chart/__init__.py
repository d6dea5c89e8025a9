"""The chart of a tag, and the text of its visible range."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library

_CHART = ["echarts@6.1.0"]


class Chart(rx.Component):
    """The lines of one tag over a window, drawn from the columns at ``url`` (PRD §21.2)."""

    library = library("chart/chartloader.jsx")
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
    unit: rx.Var[str]
    title: rx.Var[str]
    caption: rx.Var[str]
    in_alarm: rx.Var[bool]
    on_toggle: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_zoom: rx.EventHandler[rx.event.passthrough_event_spec(list[int])]
    on_widen: rx.EventHandler[rx.event.no_args_event_spec]
    on_find: rx.EventHandler[rx.event.passthrough_event_spec(int)]


class VisibleRange(rx.Component):
    """The window or range as text; while a chart is zoomed, the part that is visible.

    Attributes:
        period: the window's label.
        spans: seconds of each window by its label.
        ends: start and end of a range, epoch ms; empty if a window is shown.
        zoom: start and end of the visible part, epoch ms; empty for all of it.
    """

    library = library("chart/visiblerange.jsx")
    tag = "VisibleRange"

    period: rx.Var[str]
    spans: rx.Var[dict[str, int]]
    ends: rx.Var[list[int]]
    zoom: rx.Var[list[int]]
