"""``/``: each tag as a tile, and the newest snapshot of all tags as a table."""

from __future__ import annotations

import reflex as rx
from reflex.vars import VarData

from ksys_app.components import client
from ksys_app.components.feedback import (
    empty_box,
    error_box,
    no_match_box,
    none_left_box,
    pins_note,
)
from ksys_app.components.kpi_tiles import tile_grid, tile_skeletons
from ksys_app.components.layout import Feed, Place, paper_head, shell
from ksys_app.components.modal import detail_modal
from ksys_app.components.navbar import (
    live_toggle,
    refresh_button,
    sort_choice,
    tag_filter,
    window_menu,
)
from ksys_app.components.table_components import snapshot_table, table_skeleton
from ksys_app.components.words import L, T, filled, message_text
from ksys_app.models.views import TileView
from ksys_app.states.dashboard import DashboardState as State

TITLE = T.nav_dashboard
ON_LOAD = State.load
REST_S = 60


def page(route: str) -> rx.Component:
    """The page."""
    return shell(
        route,
        TITLE,
        rx.match(
            State.phase,
            ("error", error_box(State.problem, State.retry)),
            ("empty", empty_box()),
            rx.cond(
                (State.kpi_rows.length() > 0)
                | (State.tiles_url != "")
                | (State.searched & (State.tag_filter != "")),
                _loaded(),
                rx.cond(
                    State.phase == "retrying", error_box(State.problem, State.retry), _loading()
                ),
            ),
        ),
        client.Fetched.create(
            url=State.tiles_url,
            seq=State.tiles_seq,
            pins=rx.cond(State.linked_pins != "", State.linked_pins, State.saved_pins),
            tiles=State.tile_order,
            rows=State.table_order,
        ),
        client.Address.create(
            link=State.link, read=State.link_of, steps=["window"], whole=[["window"]]
        ),
        detail_modal(
            State.detail_open,
            State.detail_loading,
            State.detail,
            State.standing,
            State.window,
            State.close_detail,
        ),
        place=Place.of(State),
        paper=paper_head(T.paper_filter, State.tag_filter, window=State.window),
        feed=Feed.of(State),
        controls=(
            window_menu(State.window, State.set_window_filter),
            tag_filter(State.tag_filter, State.set_tag_filter),
            refresh_button(State.is_loading, State.refresh),
            live_toggle(State.realtime_mode, State.start_realtime, State.stop_realtime),
        ),
        skips=(
            rx.cond(
                State.table_order.length() > 0,
                client.SkipLink.create(to="snapshot", text=T.skip_table),
                rx.fragment(),
            ),
        ),
    )


def _tiles() -> tuple[rx.Var[list[TileView]], rx.Var[list[str]]]:
    """The tiles and the titles of their tags, from the state, or fetched if there are many."""
    rows, titles = client.fetched_tiles()
    in_state = State.tiles_url == ""
    return (
        rx.cond(in_state, State.kpi_rows, rows).to(list[TileView]),
        rx.cond(in_state, State.titles, titles).to(list[str]),
    )


def _at_hand(order: rx.Var[list[int]], rows: rx.Var[list[TileView]]) -> rx.Var[list[int]]:
    """The part of an order whose tiles have been fetched."""
    return rx.Var(
        f"{order!s}.filter((place) => place < {rows!s}.length)",
        _var_type=list[int],
        _var_data=VarData.merge(order._get_all_var_data(), rows._get_all_var_data()),
    ).to(list[int])


def _loaded() -> rx.Component:
    rows, titles = _tiles()
    many = State.tiles_url != ""
    return rx.el.div(
        rx.cond(many, _cells(), rx.fragment()),
        _tiles_section(
            rx.cond(
                State.tile_order.length() > 0,
                _steady(
                    "tiles",
                    State.tiles_moved,
                    tile_grid(
                        rows,
                        titles,
                        _at_hand(State.tile_order, rows),
                        State.window,
                        message_text(State.delta_caption),
                        State.open_detail,
                        State.toggle_pin,
                    ),
                ),
                rx.cond(
                    State.tally.tags > 0,
                    none_left_box(State.only, State.tag_filter, State.show_only("")),
                    rx.cond(
                        State.searched,
                        no_match_box(State.tag_filter, State.set_tag_filter("")),
                        tile_skeletons(),
                    ),
                ),
            ),
            rx.fragment(
                rx.el.h2(T.tiles, id="tiles-heading", class_name=rx.cond(many, "", "sr-only")),
                rx.cond(many, rx.fragment(), _summary()),
            ),
            rx.cond(many, rx.fragment(), _notes()),
        ),
        rx.cond(
            State.table_order.length() > 0,
            _table_section(
                _steady(
                    "table",
                    State.table_moved,
                    snapshot_table(
                        rows,
                        titles,
                        _at_hand(State.table_order, rows),
                        State.table_sort,
                        State.table_desc,
                        State.sort_table,
                        State.open_detail,
                    ),
                )
            ),
            rx.fragment(),
        ),
        class_name="dashboard",
    )


def _cells() -> rx.Component:
    return rx.el.section(
        rx.el.h2(T.cells, id="cells-heading", class_name="sr-only"),
        rx.el.div(_summary(), class_name="section-head"),
        _notes(),
        client.Cells.create(
            order=State.tile_order,
            narrowed=(State.group != "") | (State.tag_filter != "") | (State.only != ""),
            chosen=State.group,
            on_choose=State.show_group,
            on_open=State.open_detail,
        ),
        aria_labelledby="cells-heading",
        class_name="cells-section",
    )


def _summary() -> rx.Component:
    return client.Summary.create(
        tally=State.tally,
        only=State.only,
        group=State.group,
        on_only=State.show_only,
        on_group=State.show_group,
    )


def _notes() -> rx.Component:
    """Notes: tags are being searched, more tags match than are shown, the pins are of a link."""
    return rx.fragment(
        rx.cond(
            State.is_loading & ~State.searched,
            rx.el.p(L.tags_searching, class_name="note", role="status"),
            rx.fragment(),
        ),
        rx.cond(
            State.more > 0,
            rx.el.p(
                rx.cond(
                    State.searched & (State.tag_filter != ""),
                    filled(T.more_match, n=State.more),
                    filled(T.truncated, n=State.more, shown=State.tally.every),
                ),
                class_name="note",
                data_testid="more-note",
            ),
            rx.fragment(),
        ),
        rx.cond(State.linked_pins != "", pins_note(State.keep_pins, State.own_pins), rx.fragment()),
    )


def _steady(name: str, moved: rx.Var[int], rows: rx.Component) -> rx.Component:
    """``rows`` in an order that is held while a pointer or the focus is on them.

    A pointer or a focus that does not move releases the order after :data:`REST_S` seconds.
    """
    return client.Steady.create(
        rows,
        moved=moved,
        label=T.reorder,
        rest_s=REST_S,
        on_hold=lambda held: State.hold(name, held),
        on_reorder=State.reorder(name),
        custom_attrs={"data-testid": f"steady-{name}"},
    )


def _loading() -> rx.Component:
    return rx.el.div(
        client.Waiting.create(),
        _tiles_section(tile_skeletons(), rx.el.h2(T.tiles, id="tiles-heading")),
        _table_section(table_skeleton()),
        class_name="dashboard",
        aria_busy="true",
    )


def _tiles_section(
    tiles: rx.Component, head: rx.Component, notes: rx.Component | None = None
) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            head,
            sort_choice(State.tile_sort, State.set_tile_sort),
            class_name="section-head",
        ),
        *(() if notes is None else (notes,)),
        tiles,
        aria_labelledby="tiles-heading",
        class_name="tiles-section",
    )


def _table_section(table: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2(T.table, id="snapshot-heading"), class_name="section-head"),
        table,
        id="snapshot",
        tab_index=-1,
        aria_labelledby="snapshot-heading",
        class_name="table-section",
    )
