"""Tiles and rows of tags. The browser updates ages and states each second."""

from __future__ import annotations

from typing import Any, Final

import reflex as rx
from reflex.vars import VarData

from ksys_app.components.client.files import library
from ksys_app.components.client.shell import POPOVER
from ksys_app.models.views import MOST_CELLS, MOST_IN_STATE, TallyView, TileView

FETCHED: Final = library("grid/fetched.jsx")


class Mark(rx.Component):
    """A symbol: ``ok``, ``warn``, ``crit``, ``old``, ``still``, ``never`` or ``paused``."""

    library = library("grid/mark.jsx")
    tag = "Mark"

    kind: rx.Var[str]


class Fresh(rx.Component):
    """The element of a tag, with ``data-comm``; the components inside show the tag's age."""

    library = library("grid/freshness.jsx")
    tag = "Fresh"
    lib_dependencies: list[str] = POPOVER

    element: rx.Var[str]
    ts_ms: rx.Var[int]
    allowed_s: rx.Var[int]
    comm: rx.Var[str]
    still_s: rx.Var[int]
    still_longer: rx.Var[bool]


class StillFor(rx.Component):
    """How long the value has been the same; its children while the value changes."""

    library = library("grid/freshness.jsx")
    tag = "StillFor"


class Age(rx.Component):
    """The age of the newest sample, ``4 s ago``, updated each second."""

    library = library("grid/freshness.jsx")
    tag = "Age"


class CommBadge(rx.Component):
    """The Comm state as a badge with a popover that explains it."""

    library = library("grid/freshness.jsx")
    tag = "CommBadge"

    testid: rx.Var[str]


class CommCell(rx.Component):
    """The Comm state with its age, for a table."""

    library = library("grid/freshness.jsx")
    tag = "CommCell"

    testid: rx.Var[str]


class State(rx.Component):
    """The state of a tag as symbol and word, and since when, updated each second.

    Attributes:
        level: 0 normal, 1 warning, 2 critical, -1 not judged.
        since_ms: when the state began, epoch milliseconds; 0 if not known.
        at_least: whether it may have begun earlier.
        by_minute: whether ``since_ms`` is exact to the minute only.
    """

    library = library("grid/freshness.jsx")
    tag = "State"

    level: rx.Var[int]
    since_ms: rx.Var[int]
    at_least: rx.Var[bool]
    by_minute: rx.Var[bool]


class Summary(rx.Component):
    """The number of tags, and of those with each kind of trouble; a click on a count filters by it.

    Attributes:
        tally: the counts.
        only: the kind of trouble of the filter, empty without one.
        group: the group of the filter, empty without one.
        pinned_count_above: with more tags than this, the pinned ones have a count too.
    """

    library = library("grid/summary.jsx")
    tag = "Summary"

    tally: rx.Var[TallyView]
    pinned_count_above: rx.Var[int] = rx.Var.create(MOST_IN_STATE)
    only: rx.Var[str]
    group: rx.Var[str]
    on_only: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_group: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Name(rx.Component):
    """A tag's name; its middle is shortened if it has no room."""

    library = library("grid/name.jsx")
    tag = "Name"

    text: rx.Var[str]


class Digits(rx.Component):
    """A figure with its thousands set apart by CSS, so that the clipboard gets one number."""

    library = library("grid/digits.jsx")
    tag = "Digits"

    text: rx.Var[str]


class Fetched(rx.Component):
    """Fetches the tiles if there are too many for the state of the page; renders nothing.

    Attributes:
        url: the address of the tiles; empty if they are in the state.
        seq: the number of the newest tick.
        pins: the tags that this browser has pinned, as JSON.
        tiles: the order of the tiles; lines are fetched for the visible ones.
        rows: the order of the table's rows.
        render_all_up_to: a list of up to this length is rendered as a whole.
    """

    library = FETCHED
    tag = "Fetched"

    url: rx.Var[str]
    seq: rx.Var[int]
    pins: rx.Var[str]
    tiles: rx.Var[list[int]]
    rows: rx.Var[list[int]]
    render_all_up_to: rx.Var[int] = rx.Var.create(MOST_IN_STATE)


def fetched_tiles() -> tuple[rx.Var[list[TileView]], rx.Var[list[str]]]:
    """The tiles that :class:`Fetched` has fetched, and what the tag of each one measures."""
    hooks = {"const fetchedTiles = useTiles()": None}
    data = VarData(hooks=hooks, imports={FETCHED: "useTiles"})
    rows: rx.Var[list[TileView]] = rx.Var(
        "fetchedTiles.rows", _var_type=list[TileView], _var_data=data
    )
    titles: rx.Var[list[str]] = rx.Var("fetchedTiles.titles", _var_type=list[str], _var_data=data)
    return rows, titles


VIRTUAL = ["@tanstack/react-virtual@3.14.26"]


class Cells(rx.Component):
    """The state of every fetched tile as one cell, by group.

    Attributes:
        order: the places of the tiles that pass the filter.
        narrowed: whether only these tiles have cells.
        hide_up_to: a filtered list of up to this length has no cells.
        chosen: the group of the filter, empty without one.
        all_cells_up_to: with more tags, normal ones outside of the chosen group have no cell.
    """

    library = library("grid/cells.jsx")
    tag = "Cells"

    order: rx.Var[list[int]]
    narrowed: rx.Var[bool]
    hide_up_to: rx.Var[int] = rx.Var.create(MOST_IN_STATE)
    chosen: rx.Var[str]
    all_cells_up_to: rx.Var[int] = rx.Var.create(MOST_CELLS)
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class ManyTiles(rx.Component):
    """A grid of tiles; a long one renders only the visible tiles.

    Attributes:
        name: the name of the list, as :func:`part` has it.
        count: how many tiles it has.
        render_all_up_to: a list of up to this length is rendered as a whole.
    """

    library = library("grid/many.jsx")
    tag = "ManyTiles"
    lib_dependencies: list[str] = VIRTUAL

    name: rx.Var[str]
    count: rx.Var[int]
    render_all_up_to: rx.Var[int] = rx.Var.create(MOST_IN_STATE)


class ManyRows(rx.Component):
    """The body of a table; a long one renders only the visible rows."""

    library = library("grid/many.jsx")
    tag = "ManyRows"
    lib_dependencies: list[str] = VIRTUAL

    name: rx.Var[str]
    count: rx.Var[int]
    render_all_up_to: rx.Var[int] = rx.Var.create(MOST_IN_STATE)


def part(name: str, order: rx.Var[list[int]]) -> rx.Var[list[list[Any]]]:
    """The rendered items of the list ``name``; ``order`` is the whole list.

    Each one has four parts: the item; its place, from 0; its style if it is outside of the visible
    part; whether the Tab key enters the list at it.
    """
    data = VarData(
        hooks={f"const {name}Part = usePart({name!r}, {order!s}, {MOST_IN_STATE});": None},
        imports={library("lib/useparts.js"): "usePart"},
    )
    return rx.Var(
        f"{name}Part",
        _var_type=list[list[Any]],
        _var_data=VarData.merge(order._get_all_var_data(), data),
    ).to(list[list[Any]])


class Grid(rx.Component):
    """A table whose cells the arrow keys focus, and a button copies."""

    library = library("grid/grid.jsx")
    tag = "Grid"

    copy_label: rx.Var[str]
    copied_label: rx.Var[str]
    found: rx.Var[int]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Steady(rx.Component):
    """Holds the order of its content while a person uses the pointer or the keyboard in it.

    Attributes:
        moved: how many tags the new order would move.
        label: the text of the button, with ``{n}`` for ``moved``.
        rest_s: a pointer or a focus without use for so many seconds holds the order no longer.
        on_hold: called with True when the use begins, with False when it ends.
        on_reorder: the person takes the new order.
    """

    library = library("grid/steady.jsx")
    tag = "Steady"

    moved: rx.Var[int]
    label: rx.Var[str]
    rest_s: rx.Var[int]
    on_hold: rx.EventHandler[rx.event.passthrough_event_spec(bool)]
    on_reorder: rx.EventHandler[rx.event.no_args_event_spec]
