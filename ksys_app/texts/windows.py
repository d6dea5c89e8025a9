"""The 13 windows as the browser needs them; their words are in the catalogue."""

from __future__ import annotations

from typing import Any, Final, get_args

from ksys_app.domain.windows import WINDOWS, Group

GROUPS: Final[tuple[Group, ...]] = get_args(Group)


def window_menu() -> list[dict[str, Any]]:
    """The window menu: each group with its windows, in order, and the bucket of each."""
    return [
        {
            "name": group,
            "items": [
                {"label": one.label, "bucket": one.bucket} for one in WINDOWS if one.group == group
            ],
        }
        for group in GROUPS
    ]


def window_spans() -> dict[str, int]:
    """Seconds of each window by its label."""
    return {one.label: int(one.duration.total_seconds()) for one in WINDOWS}
