"""The design tokens: names of colours, font sizes, classes of controls.

The colours are CSS variables in ``assets/look/tokens.css``, one set for the light theme and one for
the dark theme. No other file of the project defines a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

Color = Literal[
    "page",
    "panel",
    "sunken",
    "hover",
    "text",
    "quiet",
    "hair",
    "line",
    "accent",
    "accent-soft",
    "on-accent",
    "ok",
    "warn",
    "warn-soft",
    "warn-text",
    "crit",
    "crit-fill",
    "crit-soft",
    "on-crit",
    "stale",
    "stale-soft",
    "lost",
    "on-lost",
    "spark",
    "track",
    "band",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
    "series-6",
    "series-7",
    "series-8",
    "ramp-low",
    "ramp-high",
    "ramp-minus",
    "comm-0",
    "comm-1",
    "comm-2",
    "comm-3",
    "comm-4",
    "comm-on",
    "hatch",
]
Control = Literal["control", "icon", "primary", "link"]
Level = Literal["ok", "warn", "crit"]

LEVELS: Final[tuple[Level, Level, Level]] = ("ok", "warn", "crit")
GAUGE: Final[Mapping[Level, str]] = MappingProxyType(
    {"ok": "stroke-ok", "warn": "stroke-warn", "crit": "stroke-crit"}
)
CONTROL: Final[Mapping[Control, str]] = MappingProxyType(
    {
        "control": "control",
        "icon": "icon-button",
        "primary": "control control-primary",
        "link": "text-accent underline underline-offset-2",
    }
)
TYPE_SCALE: Final = (12, 13, 14, 16, 20, 28)


def color_names() -> tuple[str, ...]:
    """The names of all colours. Each has a value in both themes."""
    return get_args(Color)


def tailwind_theme() -> dict[str, Any]:
    """The Tailwind theme: it defines classes such as ``bg-panel``, ``text-quiet``, ``text-14``."""
    return {
        "extend": {
            "colors": {name: f"var(--{name})" for name in color_names()},
            "fontSize": {str(size): f"{size}px" for size in TYPE_SCALE},
        }
    }
