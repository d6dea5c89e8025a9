"""Which role may call which event handler (PRD §31.7). A handler without a role is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ksys_app.models.access import Role

_SERIES: Final = (
    *("choose_tag", "find_row", "follow", "go_to", "refresh", "retry", "set_window_filter"),
    *("load_zoom", "return_to_now", "set_range", "set_zoom", "shift_range", "show"),
    *("start_realtime", "stop_realtime", "toggle_series", "widen"),
)
# State to its handlers that only read and show.
LOOKING: Final[Mapping[str, tuple[str, ...]]] = {
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
    "comm_state": (
        *("clear_cell", "follow", "hold", "load", "next_day", "prev_day", "recent_30d", "refresh"),
        *("reorder", "retry", "select_cell", "set_page", "set_search", "set_sort", "set_start"),
        *("set_tags", "set_view", "show"),
    ),
}
ROLES: Final[Mapping[str, Role]] = {
    f"{state}.{handler}": "viewer" for state, handlers in LOOKING.items() for handler in handlers
}


def short_name(full: str) -> str:
    """State and handler, e.g. ``trend_state.follow``.

    Args:
        full: the name that the page framework gives the handler, with its module and parents.
    """
    state, _, handler = full.rpartition(".")
    return f"{state.rpartition('.')[2].rpartition('____')[2]}.{handler}"


def role_for(full: str) -> Role | None:
    """The role that a handler needs, None where none is entered."""
    return ROLES.get(short_name(full))
