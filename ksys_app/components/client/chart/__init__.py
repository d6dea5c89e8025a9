"""The chart of a tag, and what of its window is seen."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library

_CHART = ["echarts@6.1.0"]


class Chart(rx.Component):
    """Lines of one tag over a window, on a canvas, from a URL of columns (PRD §21.2)."""

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


class Seen(rx.Component):
    """The window or range in words, and while a chart is zoomed which part of it that shows.

    Attributes:
        period: the window's label.
        spans: seconds of each window by its label.
        ends: begin and end of a range in place of the window, epoch ms; empty for a window.
        zoom: the part, epoch ms; empty for all of it.
    """

    library = library("chart/seen.jsx")
    tag = "Seen"

    period: rx.Var[str]
    spans: rx.Var[dict[str, int]]
    ends: rx.Var[list[int]]
    zoom: rx.Var[list[int]]
