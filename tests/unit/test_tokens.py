"""Colours: readable in both themes, and states differ without colour vision."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

from ksys_app.components.charts import TECH, TREND, Series
from ksys_app.components.tokens import CONTROL, GAUGE, LEVELS, TYPE_SCALE, color_names
from ksys_app.models.comm_views import COLOR_SCALE

LOOK = Path(__file__).resolve().parents[2] / "assets" / "look"
SHEETS = sorted(LOOK.glob("*.css"))
CHART = LOOK.parents[1] / "ksys_app" / "components" / "client" / "chart" / "colours.js"
READ_BY_CHARTS = set(
    re.findall(r'"([\w-]+)"', re.search(r"\[(.*)\]\.map\(\(key\)", CHART.read_text())[1])
)
SCALE = [(int(at), name) for at, name in (stop.split() for stop in COLOR_SCALE.split(", "))]
SERIES_COLOURS = [f"series-{n}" for n in range(1, 9)]
THEMES = ("light", "dark")

# WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for graphics and controls (1.4.11).
TEXT = 4.5
GRAPHIC = 3.0
READ = [
    ("text", "page"),
    ("text", "panel"),
    ("text", "sunken"),
    ("text", "hover"),
    ("text", "accent-soft"),
    ("text", "stale-soft"),
    ("text", "crit-soft"),
    ("quiet", "page"),
    ("quiet", "panel"),
    ("quiet", "sunken"),
    ("quiet", "hover"),
    ("accent", "page"),
    ("accent", "panel"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("warn-text", "warn-soft"),
    ("on-crit", "crit-fill"),
    ("on-lost", "lost"),
    ("stale", "panel"),
]
SEEN = [
    ("ok", "panel"),
    ("warn", "panel"),
    ("crit", "panel"),
    ("crit", "crit-soft"),
    ("stale", "panel"),
    ("spark", "panel"),
    ("line", "panel"),
    ("ok", "page"),
    ("warn", "page"),
    ("crit", "page"),
    # What is critical stands out of the panel; its mark, and the hatch of no data, as well.
    ("comm-0", "panel"),
    ("comm-1", "panel"),
    ("comm-2", "panel"),
    ("comm-on", "comm-0"),
    ("comm-on", "comm-1"),
    ("comm-on", "comm-2"),
    ("text", "comm-2"),
    ("text", "comm-3"),
    ("text", "comm-4"),
    ("hatch", "panel"),
    ("ramp-low", "panel"),
    ("ramp-high", "panel"),
    ("ramp-minus", "panel"),
    *((f"series-{n}", "panel") for n in range(1, 9)),
    *((f"series-{n}", "band") for n in range(1, 9)),
]
# Smallest distance in OKLab at which two patches look different at a glance.
APART = 0.09

# Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB.
VISION = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
Rgb = tuple[float, float, float]


def palette(theme: str) -> dict[str, str]:
    """The colours of a theme by name, as ``tokens.css`` gives them."""
    css = (LOOK / "tokens.css").read_text(encoding="utf-8")
    selector = ":root" if theme == "light" else ".dark"
    block = re.search(rf"^{re.escape(selector)} \{{(.*?)^\}}", css, re.DOTALL | re.MULTILINE)
    assert block is not None
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block[1]))


def linear(color: str) -> Rgb:
    """sRGB hex to linear RGB."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio."""
    light, dark = sorted(
        (0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other))),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def as_seen(color: str, vision: str) -> Rgb:
    """The colour in OKLab, as somebody with that vision sees it."""
    rgb = linear(color)
    r, g, b = (
        min(1.0, max(0.0, sum(m * c for m, c in zip(row, rgb, strict=True))))
        for row in VISION[vision]
    )
    long, medium, short = (
        math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b),
        math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b),
        math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b),
    )
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def test_the_measures_know_black_white_and_red_from_green() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
    assert as_seen("#ffffff", "full")[0] == pytest.approx(1, abs=1e-3)
    full, deutan = (
        math.dist(as_seen("#8a7000", vision), as_seen("#a66300", vision))
        for vision in ("full", "deuteranopia")
    )
    assert deutan < full / 2


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_has_a_value_in_both_themes(theme: str) -> None:
    assert set(color_names()) - set(palette(theme)) == set()


def test_sheets_use_no_colour_that_has_no_name() -> None:
    named = (
        set(palette("light"))
        | {"shadow", "lift", "veil", "row", "before", "after"}
        | {"away", "banner", "part", "step", "prio", "on-prio"}
    )
    for sheet in SHEETS:
        css = sheet.read_text(encoding="utf-8")
        used = set(re.findall(r"var\(--([\w-]+)\)", css))
        assert {name for name in used if not name.startswith("radix-")} <= named, sheet.name
        if sheet.name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", css) == [], sheet.name


def test_every_named_colour_is_used() -> None:
    css = "".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)
    classes = " ".join((*GAUGE.values(), *CONTROL.values())).split()
    used = {name for name in color_names() if f"var(--{name})" in css}
    used |= {name for _, name in SCALE}
    used |= {f"series-{one.color}" for one in (*TREND, *TECH)} | READ_BY_CHARTS
    used |= {name for name in color_names() for cls in classes if cls.endswith(f"-{name}")}
    assert set(color_names()) - used == set()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "ground"), READ)
def test_text_is_readable(theme: str, front: str, ground: str) -> None:
    colors = palette(theme)
    assert contrast(colors[front], colors[ground]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "ground"), SEEN)
def test_graphics_stand_out(theme: str, front: str, ground: str) -> None:
    colors = palette(theme)
    assert contrast(colors[front], colors[ground]) >= GRAPHIC


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("one", "other"), list(combinations(LEVELS, 2)))
def test_states_are_distinguished_in_every_vision(
    theme: str, vision: str, one: str, other: str
) -> None:
    colors = palette(theme)
    assert math.dist(as_seen(colors[one], vision), as_seen(colors[other], vision)) >= APART


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_series_are_distinguished_in_every_vision(theme: str, vision: str) -> None:
    colors = palette(theme)
    close = [
        (one, other)
        for one, other in combinations(SERIES_COLOURS, 2)
        if math.dist(as_seen(colors[one], vision), as_seen(colors[other], vision)) < APART
    ]
    assert close == []


@pytest.mark.parametrize("chart", [TREND, TECH])
def test_series_of_a_chart_are_distinguished_without_colour(chart: tuple[Series, ...]) -> None:
    assert len({one.color for one in chart}) == len(chart)
    assert len({(one.symbol, one.panel) for one in chart}) == len(chart)


def test_the_scale_of_communication_goes_from_nothing_to_everything_through_the_limits() -> None:
    rates = [at for at, _ in SCALE]
    assert rates == sorted(rates)
    assert (rates[0], rates[-1]) == (0, 10_000)
    assert {9_500, 9_800} <= set(rates), "the default limits"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_the_scale_of_communication_is_read_in_every_vision(theme: str, vision: str) -> None:
    colours = [as_seen(palette(theme)[name], vision) for _, name in SCALE]
    assert min(math.dist(one, other) for one, other in combinations(colours, 2)) >= APART
    # Lightness alone tells the order: worse is further from the ground, without any hue.
    lightness = [color[0] for color in colours]
    assert lightness == sorted(lightness, reverse=theme == "dark")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_type_keeps_to_its_sizes(sheet: Path) -> None:
    css = sheet.read_text(encoding="utf-8")
    sizes = {int(size) for size in re.findall(r"font-size:\s*(\d+)px", css)}
    sizes |= {int(size) for size in re.findall(r"font:[^;]*?\b(\d+)px/", css)}
    assert sizes <= set(TYPE_SCALE)
