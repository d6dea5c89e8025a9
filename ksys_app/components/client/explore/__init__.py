"""The workbench: up to nine tags on one chart, and tools that analyse them (PRD §33.5)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from ksys_app.components.client.files import library

_CHART = ["echarts@6.1.0"]


class Workbench(rx.Component):
    """Chart, legend, and the tools below them. The browser fetches their data.

    Attributes:
        tags: the names of the tags, in the order of the legend.
        hidden: the tags whose lines are not drawn.
        layout: ``one`` chart, or ``panels``.
        compare: the time to compare with: a name, or a start; empty for no comparison.
        difference: whether the difference from the compared time is drawn, too.
        compare_problem: a message that says why the typed start is no time.
        bucket: the chosen width of the buckets; if it is empty, the length of the time gives it.
        zoom: start and end of the zoom, epoch ms; empty without a zoom.
        part: start and end of the selected part, epoch ms; empty without one.
        tool: the name of the tool below the chart.
        relation: the choices of the tool for relations: ``rel``, ``x``, ``y`` and ``lag``.
        time_query: the query parameters of the time and of the bucket.
        facts: ``title``, ``unit`` and ``range`` by tag, of the tags that have a rule.
        version: a number that grows when the database has new data.
        theme: ``light`` or ``dark``.
        caption: the time in words.
        most: the largest number of tags.
    """

    library = library("explore/loader.jsx")
    tag = "Workbench"
    lib_dependencies: list[str] = _CHART

    tags: rx.Var[list[str]]
    hidden: rx.Var[list[str]]
    layout: rx.Var[str]
    compare: rx.Var[str]
    difference: rx.Var[bool]
    compare_problem: rx.Var[Any]
    bucket: rx.Var[str]
    zoom: rx.Var[list[int]]
    part: rx.Var[list[int]]
    tool: rx.Var[str]
    relation: rx.Var[dict[str, Any]]
    time_query: rx.Var[str]
    facts: rx.Var[dict[str, Any]]
    version: rx.Var[int]
    theme: rx.Var[str]
    caption: rx.Var[str]
    most: rx.Var[int]
    on_tags: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]
    on_hide: rx.EventHandler[rx.event.passthrough_event_spec(list[str])]
    on_layout: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_compare: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_difference: rx.EventHandler[rx.event.passthrough_event_spec(bool)]
    on_bucket: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_zoom: rx.EventHandler[rx.event.passthrough_event_spec(list[int])]
    on_part: rx.EventHandler[rx.event.passthrough_event_spec(list[int])]
    on_tool: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_relation: rx.EventHandler[rx.event.passthrough_event_spec(str, str, str, int)]
    on_widen: rx.EventHandler[rx.event.no_args_event_spec]
    on_range: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
