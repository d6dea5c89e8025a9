"""The current state of a tag: value, state and since when, communication, limits."""

from __future__ import annotations

import reflex as rx

from ksys_app.components import client
from ksys_app.components.popover import alarm_text
from ksys_app.components.reading import reading
from ksys_app.components.words import L, T, message_text
from ksys_app.models.views import ScaleMark, ScaleView, ScaleZone, Standing


def standing(current: rx.Var[Standing], *, scaled: bool = True) -> rx.Component:
    """The current state of a tag, with the same facts as its tile.

    ``scaled``: whether a scale with the limits is shown; a page with a chart does not need it.
    """
    tile = current.tile
    return client.Fresh.create(
        reading(tile, "standing-value"),
        rx.el.dl(
            _fact(
                T.state,
                client.State.create(
                    level=current.level,
                    since_ms=current.since_ms,
                    at_least=current.at_least,
                    by_minute=current.by_minute,
                ),
            ),
            _fact(T.alarm_title, rx.el.span(alarm_text(tile), data_testid="standing-alarm")),
            _fact(L.comm_title, client.CommCell.create(testid="standing-comm")),
            class_name="standing-facts",
        ),
        rx.cond(current.scale.drawn, scale(current.scale), rx.fragment())
        if scaled
        else rx.fragment(),
        element="section",
        ts_ms=tile.ts_ms,
        allowed_s=tile.allowed_s,
        comm=tile.comm,
        still_s=tile.still_s,
        still_longer=tile.still_longer,
        class_name="standing",
        aria_label=T.now,
        data_level=current.level,
        data_testid="standing",
    )


def _fact(name: str, content: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(content))


def scale(line: rx.Var[ScaleView]) -> rx.Component:
    """A scale of the limits, coloured by state, with a pointer at the value."""
    return rx.el.div(
        rx.el.div(
            rx.cond(
                line.at >= 0,
                rx.el.span(
                    rx.match(line.off, (-1, "◂"), (1, "▸"), "▾"),
                    class_name="scale-pointer",
                    style={"left": f"{line.at}%"},
                    data_testid="scale-pointer",
                    custom_attrs={"data-at": f"{line.at}"},
                ),
                rx.fragment(),
            ),
            rx.el.span(line.low, class_name="scale-low"),
            rx.el.span(line.high, class_name="scale-high"),
            class_name="scale-head",
        ),
        rx.el.svg(
            rx.foreach(line.zones, _zone),
            rx.foreach(line.marks, _tick),
            view_box="0 0 100 10",
            preserve_aspect_ratio="none",
            class_name="scale-line",
        ),
        rx.el.div(
            rx.foreach(line.marks, _label),
            class_name="scale-labels",
            style={"height": f"{line.rows * 16}px"},
        ),
        role="img",
        aria_label=message_text(line.says),
        class_name="scale",
        data_testid="standing-scale",
    )


def _zone(zone: rx.Var[ScaleZone]) -> rx.Component:
    path = f"M{zone.start} 0h{zone.size}v10h-{zone.size}z"
    return rx.el.path(d=path, class_name="scale-zone", custom_attrs={"data-level": zone.level})


def _tick(mark: rx.Var[ScaleMark]) -> rx.Component:
    return rx.el.path(
        d=f"M{mark.at} 0V10", class_name="scale-tick", custom_attrs={"data-level": mark.level}
    )


def _label(mark: rx.Var[ScaleMark]) -> rx.Component:
    """A label below its tick, moved so that it does not leave the scale."""
    left = f"clamp(0px, calc({mark.at}% - {mark.size / 2}ch), calc(100% - {mark.size}ch))"
    return rx.el.span(mark.label, style={"left": left, "top": f"{mark.row * 16}px"})
