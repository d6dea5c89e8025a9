"""The files of React components beside this one, as the build finds them."""

from __future__ import annotations

import reflex as rx

FILES = {
    name: rx.asset(name, shared=True)
    for name in (
        "address.js",
        "address.jsx",
        "chart.jsx",
        "clock.js",
        "columns.js",
        "comm.js",
        "commboard.jsx",
        "controls.jsx",
        "cursor.js",
        "dayfield.jsx",
        "echarts.js",
        "digits.jsx",
        "explain.jsx",
        "figures.js",
        "fresh.jsx",
        "grid.jsx",
        "heatmap.jsx",
        "holes.js",
        "keys.jsx",
        "lasted.jsx",
        "limits.js",
        "live.jsx",
        "mark.jsx",
        "modal.jsx",
        "name.js",
        "name.jsx",
        "option.js",
        "outages.jsx",
        "overview.jsx",
        "panels.js",
        "paper.js",
        "paper.jsx",
        "paths.js",
        "peak.js",
        "picks.js",
        "picture.js",
        "plot.js",
        "reading.js",
        "reload.js",
        "scrollable.jsx",
        "seen.js",
        "seen.jsx",
        "steady.js",
        "steady.jsx",
        "summary.jsx",
        "swatch.js",
        "tagpicker.jsx",
        "tagspicker.jsx",
        "words.js",
        "zone.js",
    )
}


def library(name: str) -> str:
    """Where the build finds the file."""
    return FILES[name].importable_path
