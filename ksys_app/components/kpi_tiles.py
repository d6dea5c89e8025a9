"""KPI tiles: one for each tag, all of the same size (PRD §2, §5)."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link

from ksys_app.components import client
from ksys_app.components.gauge import gauge
from ksys_app.components.links import page_link
from ksys_app.components.popover import alarm_badge
from ksys_app.components.reading import reading
from ksys_app.components.words import L, T, filled
from ksys_app.models.views import TileView
from ksys_app.texts import DASH

SKELETONS = 9
# Five figures fit in one line up to this average number of characters.
SHORT = 7


def tile_grid(
    rows: rx.Var[list[TileView]],
    titles: rx.Var[list[str]],
    order: rx.Var[list[int]],
    window: rx.Var[str],
    delta_caption: rx.Var[str],
    on_open: rx.EventHandler,
    on_pin: rx.EventHandler,
) -> rx.Component:
    """The grid of the tiles of ``rows`` at the places ``order``.

    ``titles`` has, for each row, what its tag measures.
    """
    return client.ManyTiles.create(
        rx.foreach(
            client.part("tiles", order),
            lambda item: tile(
                row=rows[item[0].to(int)],
                about=titles[item[0].to(int)],
                window=window,
                delta_caption=delta_caption,
                on_open=on_open,
                on_pin=on_pin,
                custom_attrs={
                    "aria-posinset": item[1].to(int) + 1,
                    "aria-setsize": order.length(),
                    "style": item[2],
                },
                key=rows[item[0].to(int)].title,
            ),
        ),
        name="tiles",
        count=order.length(),
        class_name="tiles",
        data_testid="tiles",
    )


@rx.memo
def tile(
    row: rx.Var[TileView],
    about: rx.Var[str],
    window: rx.Var[str],
    delta_caption: rx.Var[str],
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)],
    on_pin: rx.EventHandler[rx.event.passthrough_event_spec(str)],
    rest: rx.RestProp,
) -> rx.Component:
    """The tile of one tag: value, state and freshness first, then its statistics."""
    return client.Fresh.create(
        _head(row, on_open),
        _about(row, about),
        _value(row, delta_caption),
        link(
            _series(row),
            rx.cond((row.far_room > 0) & (row.spark != ""), _far(row), rx.fragment()),
            to=page_link("/trend", row.title, window),
            class_name="tile-series",
            aria_label=filled(T.open_trend, tag=row.title),
            title=filled(T.open_trend, tag=row.title),
            data_testid="tile-trend",
        ),
        _stats(row),
        _foot(row, on_pin),
        rest,
        element="article",
        ts_ms=row.ts_ms,
        allowed_s=row.allowed_s,
        comm=row.comm,
        still_s=row.still_s,
        still_longer=row.still_longer,
        class_name="tile",
        aria_label=row.title,
        data_testid="tile-" + row.title,
        data_level=worst(row),
    )


def worst(row: TileView) -> rx.Var[int]:
    """The worse of the levels of a tag's state and of its alarm, 0 to 2."""
    return rx.cond(row.status_level > row.alarm_level, row.status_level, row.alarm_level)


def _head(row: TileView, on_open: rx.EventHandler) -> rx.Component:
    return rx.el.div(
        rx.el.h3(
            rx.el.button(
                client.Name.create(text=row.title),
                type="button",
                class_name="tile-open",
                title=row.title,
                aria_label=filled(T.open_detail, tag=row.title),
                on_click=on_open(row.title),
                data_testid="tile-open",
            ),
            class_name="tile-title",
        ),
        client.CommBadge.create(testid="tile-comm"),
        alarm_badge(row),
        class_name="tile-head",
    )


def _about(row: TileView, about: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            about,
            class_name="about",
            title=rx.cond(about.contains("ƒ "), filled(T.calculated_about, about=about), about),
            data_testid="tile-about",
        ),
        rx.el.span(
            row.range_label,
            class_name="tile-range",
            title=rx.cond(row.ranged, T.range, T.range_seen),
            data_testid="tile-range",
        ),
        class_name="tile-about",
    )


def _value(row: TileView, delta_caption: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        reading(row, "tile-value"),
        rx.el.p(
            client.StillFor.create(
                rx.el.span(rx.match(row.delta_dir, (1, "↑ "), (-1, "↓ "), ""), aria_hidden="true"),
                rx.el.span(row.delta_s, data_testid="tile-delta"),
                rx.el.span(" ", delta_caption, class_name="tile-caption"),
            ),
            class_name="tile-delta",
            data_dir=row.delta_dir,
        ),
        gauge(
            row.gauge_pct,
            row.status_level,
            row.ranged & (row.value_s != DASH),
            row.gauge_warn,
            row.gauge_crit,
        ),
        class_name="tile-main",
    )


def _series(row: TileView) -> rx.Component:
    return rx.cond(
        row.spark != "",
        rx.el.svg(
            rx.foreach(row.warn_y, lambda y: _limit(y, "spark-warn")),
            rx.foreach(row.crit_y, lambda y: _limit(y, "spark-crit")),
            rx.el.path(d=row.spark, class_name="spark-line"),
            view_box="0 0 100 24",
            preserve_aspect_ratio="none",
            aria_hidden="true",
            class_name="spark",
        ),
        rx.el.div(rx.el.span(T.no_values), class_name="spark spark-none hatch"),
    )


def _limit(y: rx.Var[float], kind: str) -> rx.Component:
    return rx.el.path(d=f"M0 {y}H100", class_name=kind)


def _far(row: TileView) -> rx.Component:
    """The nearest limits above and below the line; their width does not change with the values."""
    return rx.el.span(
        rx.el.span(
            rx.cond(row.far_level > 0, filled(L.limit_under, limit=row.far_above), row.far_above),
            data_testid="far-above",
            data_level=row.far_level,
        ),
        rx.el.span(
            rx.cond(row.far_level < 0, filled(L.limit_over, limit=row.far_below), row.far_below),
            data_testid="far-below",
            data_level=-row.far_level,
        ),
        class_name="spark-far",
        style={"minWidth": f"{row.far_room}ch"},
        aria_hidden="true",
    )


def _stats(row: TileView) -> rx.Component:
    figures = (
        (T.stat_count, row.count),
        (T.stat_min, row.min),
        (T.stat_max, row.max),
        (T.stat_first, row.first),
        (T.stat_last, row.last),
    )
    return rx.el.dl(
        *(
            rx.el.div(rx.el.dt(name), rx.el.dd(client.Digits.create(text=figure), title=figure))
            for name, figure in figures
        ),
        class_name="tile-stats",
        data_long=(row.min + row.max + row.first + row.last).length() > 4 * SHORT,
        data_testid="tile-stats",
    )


def _foot(row: TileView, on_pin: rx.EventHandler) -> rx.Component:
    return rx.el.div(
        rx.el.time(row.ts_s, data_testid="tile-ts"),
        rx.el.button(
            rx.icon("pin", size=14),
            type="button",
            class_name="tile-pin",
            aria_pressed=row.pinned,
            aria_label=filled(rx.cond(row.pinned, T.unpin_tag, T.pin_tag), tag=row.title),
            title=rx.cond(row.pinned, T.unpin, T.pin),
            on_click=on_pin(row.title),
            data_testid="tile-pin",
        ),
        client.Age.create(class_name="tile-age", data_testid="tile-age"),
        class_name="tile-foot",
    )


def tile_skeletons() -> rx.Component:
    """Empty tiles with the size and the places of the tiles that load."""
    return rx.el.div(
        *(
            rx.el.div(
                rx.el.div(class_name="bone bone-title"),
                rx.el.div(class_name="bone bone-value"),
                rx.el.div(class_name="bone bone-series"),
                rx.el.div(class_name="bone bone-line"),
                rx.el.div(class_name="bone bone-foot"),
                class_name="tile tile-skeleton",
            )
            for _ in range(SKELETONS)
        ),
        class_name="tiles",
        aria_hidden="true",
        data_testid="tiles-skeleton",
    )
