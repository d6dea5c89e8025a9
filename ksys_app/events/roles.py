"""The role that each event handler needs (PRD §31.7). A handler without a role is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ksys_app.models.access import Role

_RANGED: Final = (
    *("follow", "load_zoom", "refresh", "retry", "return_to_now", "set_range", "set_window_filter"),
    *("set_zoom", "shift_range", "show", "start_realtime", "stop_realtime", "widen"),
)
_SERIES: Final = ("choose_tag", "find_row", "go_to", "toggle_series", *_RANGED)
# State to its handlers that only read and show data, so that a viewer may call them.
VIEWER_HANDLERS: Final[Mapping[str, tuple[str, ...]]] = {
    "state": ("hydrate", "hydrate_and_load", "set_is_hydrated"),
    "on_load_internal_state": ("on_load_internal", "set_is_hydrated"),
    "update_vars_internal_state": ("update_vars_internal",),
    "frontend_event_exception_state": ("handle_frontend_exception",),
    "failure_state": ("show_failure",),
    "place_state": ("tell_place",),
    "dashboard_state": (
        *("close_detail", "follow_feed", "hold", "load", "open_detail", "read_detail"),
        *("refresh", "reorder", "retry", "set_tag_filter", "set_tile_sort", "set_window_filter"),
        *("show_group", "show_only", "sort_table", "start_realtime", "stop_realtime"),
        *("keep_pins", "own_pins", "toggle_pin"),
    ),
    "trend_state": ("choose_table", "load_trend_data", *_SERIES),
    "tech_state": ("choose_band", "load_indicators_data", *_SERIES),
    "explore_state": (
        *("add_tag", "choose_bucket", "choose_compare", "choose_layout", "choose_relation"),
        *("choose_difference", "choose_tags", "choose_tool", "hide", "load_explore", "set_part"),
        *_RANGED,
    ),
    "comm_state": (
        *("clear_cell", "follow", "hold", "load", "next_day", "prev_day", "recent_30d", "refresh"),
        *("reorder", "retry", "select_cell", "set_page", "set_search", "set_sort", "set_start"),
        *("set_tags", "set_view", "show"),
    ),
}
ROLES: Final[Mapping[str, Role]] = {
    f"{state}.{handler}": "viewer"
    for state, handlers in VIEWER_HANDLERS.items()
    for handler in handlers
}


def short_name(full: str) -> str:
    """The state and the handler of a full name, e.g. ``trend_state.follow``.

    Args:
        full: the name of the handler in the page framework, with its module and parent states.
    """
    state, _, handler = full.rpartition(".")
    return f"{state.rpartition('.')[2].rpartition('____')[2]}.{handler}"


def role_for(full: str) -> Role | None:
    """The role that a handler needs; None if the table has no role for it."""
    return ROLES.get(short_name(full))
