"""Events for every registered handler: right names and types, values that no page sends."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import zip_longest
from typing import Any, Final

from ksys_app.ops.demo.screens.protocol import event

TEXTS: Final = (
    *("", " ", "D100", "nope", "3x", "24h", "x" * 300, "가" * 200, "\x00", "\u202e", "😀", "\\"),
    *("' OR 1=1 --", "<img src=x onerror=alert(1)>", "../../etc/passwd", "//evil.example"),
    *("NaN", "1e309", "-1", "2026-02-30", "0001-01-01", "9999-12-31T23:59:59+14:00", "null"),
)
NUMBERS: Final = (0, -1, 1, 59, 10**9, -(10**15), 2**53 - 1, -(2**53 - 1))
LISTS: Final = ([], ["x"], ["D100", "D100"], ["\x00"], ["x" * 200] * 1000)
PATHS: Final = ("/", "/trend", "/tech", "/comm", "/admin", "/nothing")
QUERIES: Final = ("", "?tag=%00&window=3x", "?from=x&to=y", "?sort=worst&only=pinned&pins=,,,")


def _values(hint: str) -> tuple[Any, ...]:
    """Values that the gate lets through for a parameter with this type."""
    if "list[" in hint and "str" in hint:
        return LISTS
    if "list[" in hint:
        return ([], list(NUMBERS))
    if "dict[" in hint:
        return ({},)
    if "bool" in hint:
        return (True, False)
    return NUMBERS if "int" in hint.replace("typing", "") else TEXTS


def events() -> Iterator[dict[str, Any]]:
    """Every handler with each value of each of its parameters."""
    app = import_module("ksys_app.ksys_app")
    for number, (name, model) in enumerate(app.catalogue().models.items()):
        fields = {one: _values(str(field.annotation)) for one, field in model.model_fields.items()}
        rows = list(zip_longest(*fields.values())) or [()]
        for place, row in enumerate(rows):
            payload = {
                one: values[0] if value is None else value
                for (one, values), value in zip(fields.items(), row, strict=True)
            }
            path = PATHS[(number + place) % len(PATHS)]
            yield event(name, payload, path, QUERIES[place % len(QUERIES)])
