"""Tiles and rows of tags: names, figures, ages and states that go on with the clock."""

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
    """An element that carries ``data-comm`` of its tag, and gives its age to what is inside."""

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
    """How long the value has been the same, in place of what is in it."""

    library = library("grid/freshness.jsx")
    tag = "StillFor"


class Age(rx.Component):
    """``4 s ago``, each second anew."""

    library = library("grid/freshness.jsx")
    tag = "Age"


class CommBadge(rx.Component):
    """The Comm state as a badge that explains itself."""

    library = library("grid/freshness.jsx")
    tag = "CommBadge"

    testid: rx.Var[str]


class CommCell(rx.Component):
    """The Comm state with its age, for a table."""

    library = library("grid/freshness.jsx")
    tag = "CommCell"

    testid: rx.Var[str]


class State(rx.Component):
    """The state of a tag with symbol and word, and since when, each second anew.

    Attributes:
        level: 0 normal, 1 warning, 2 critical, -1 not judged.
        since_ms: since when, epoch milliseconds; 0 where that is not known.
        at_least: whether it may have begun earlier.
        by_minute: whether the time is known to the minute only.
    """

    library = library("grid/freshness.jsx")
    tag = "State"

    level: rx.Var[int]
    since_ms: rx.Var[int]
    at_least: rx.Var[bool]
    by_minute: rx.Var[bool]


class Summary(rx.Component):
    """How many tags there are, and how many of them have what wrong; a count shows its own.

    Attributes:
        tally: what is counted.
        only: what is shown alone, ``group`` of which group.
        whole: with more tags, the pinned ones have a count too.
    """

    library = library("grid/summary.jsx")
    tag = "Summary"

    tally: rx.Var[TallyView]
    whole: rx.Var[int] = rx.Var.create(MOST_IN_STATE)
    only: rx.Var[str]
    group: rx.Var[str]
    on_only: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_group: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Name(rx.Component):
    """A tag's name, shortened in its middle where it has no room."""

    library = library("grid/name.jsx")
    tag = "Name"

    text: rx.Var[str]


class Digits(rx.Component):
    """A figure whose thousands stand apart by space alone, so that it is copied as one number."""

    library = library("grid/digits.jsx")
    tag = "Digits"

    text: rx.Var[str]


class Fetched(rx.Component):
    """Fetches tiles where they are too many for the page's state; shows nothing itself.

    Attributes:
        url: where the tiles are; empty where they are in the state.
        seq: the number of the newest tick.
        pins: the tags that this browser keeps in front, as JSON.
        tiles: the order of the tiles; lines are fetched for those in sight.
        rows: the order of the table's rows.
        whole: up to so many of an order are all in the document.
    """

    library = FETCHED
    tag = "Fetched"

    url: rx.Var[str]
    seq: rx.Var[int]
    pins: rx.Var[str]
    tiles: rx.Var[list[int]]
    rows: rx.Var[list[int]]
    whole: rx.Var[int] = rx.Var.create(MOST_IN_STATE)


def fetched_tiles() -> tuple[rx.Var[list[TileView]], rx.Var[list[str]]]:
    """The tiles that :class:`Fetched` has, and what each of their tags measures."""
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
        order: the tiles that are shown.
        narrowed: whether only these have cells, and none where they are ``few``.
        chosen: the group that is shown alone, empty for all.
        whole: of more tags only those that are not normal have a cell, but in the chosen group.
    """

    library = library("grid/cells.jsx")
    tag = "Cells"

    order: rx.Var[list[int]]
    narrowed: rx.Var[bool]
    few: rx.Var[int] = rx.Var.create(MOST_IN_STATE)
    chosen: rx.Var[str]
    whole: rx.Var[int] = rx.Var.create(MOST_CELLS)
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class ManyTiles(rx.Component):
    """A grid of tiles; of a long one only what is in sight is in the document.

    Attributes:
        name: the list, as :func:`part` names it.
        count: how many tiles it has.
        whole: up to so many are all in the document.
    """

    library = library("grid/many.jsx")
    tag = "ManyTiles"
    lib_dependencies: list[str] = VIRTUAL

    name: rx.Var[str]
    count: rx.Var[int]
    whole: rx.Var[int] = rx.Var.create(MOST_IN_STATE)


class ManyRows(rx.Component):
    """The body of a table; of a long one only the rows in sight are in the document."""

    library = library("grid/many.jsx")
    tag = "ManyRows"
    lib_dependencies: list[str] = VIRTUAL

    name: rx.Var[str]
    count: rx.Var[int]
    whole: rx.Var[int] = rx.Var.create(MOST_IN_STATE)


def part(name: str, order: rx.Var[list[int]]) -> rx.Var[list[list[Any]]]:
    """What of a list is in the document.

    Each has four: the item; its place, from 0; its style where it is far from what is in sight; and
    whether the tabulator key enters the list at it.
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
    """A table walked by the arrow keys, whose cells can be copied."""

    library = library("grid/grid.jsx")
    tag = "Grid"

    copy_label: rx.Var[str]
    copied_label: rx.Var[str]
    found: rx.Var[int]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Steady(rx.Component):
    """Holds the order of what is in it while the pointer or the keyboard is used there.

    Attributes:
        moved: how many tags would move.
        label: what the button says, with ``{n}`` for ``moved``.
        rest_s: seconds after which a pointer or a focus that rests holds no longer.
        on_hold: the pointer or the keyboard has come, or both have gone or rest.
        on_reorder: the order is asked for now.
    """

    library = library("grid/steady.jsx")
    tag = "Steady"

    moved: rx.Var[int]
    label: rx.Var[str]
    rest_s: rx.Var[int]
    on_hold: rx.EventHandler[rx.event.passthrough_event_spec(bool)]
    on_reorder: rx.EventHandler[rx.event.no_args_event_spec]
