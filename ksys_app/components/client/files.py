"""The files of React components beside this one, as the build finds them."""

from __future__ import annotations

import reflex as rx

FILES = {
    name: rx.asset(name, shared=True)
    for name in (
        "address.jsx",
        "chart.jsx",
        "clock.js",
        "columns.js",
        "comm.js",
        "commboard.jsx",
        "controls.jsx",
        "cursor.js",
        "echarts.js",
        "explain.jsx",
        "fresh.jsx",
        "grid.jsx",
        "heatmap.jsx",
        "holes.js",
        "keys.jsx",
        "live.jsx",
        "mark.jsx",
        "modal.jsx",
        "option.js",
        "outages.jsx",
        "overview.jsx",
        "plot.js",
        "tagpicker.jsx",
        "tagspicker.jsx",
        "zone.js",
    )
}


def library(name: str) -> str:
    """Where the build finds the file."""
    return FILES[name].importable_path
