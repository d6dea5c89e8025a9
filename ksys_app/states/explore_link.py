"""Parse and validate the parts of a workbench link, because anybody can write one (PRD §33.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ksys_app.domain.compare import BACK, PREVIOUS
from ksys_app.domain.names import lookup_flaw
from ksys_app.domain.relations.correlation import MOST_LAG
from ksys_app.states.views import names_in

MOST_TAGS: Final = 9
LAYOUTS: Final = ("one", "panels")
TOOLS: Final = ("stats", "compare", "relations", "events")
RELATIONS: Final = ("xy", "histogram", "heatmap", "matrix")
COMPARISONS: Final = ("", PREVIOUS, *BACK)
MAX_TEXT: Final = 40


def valid_tags(names: Sequence[str]) -> list[str]:
    """The valid tag names among ``names``, each once, nine at most."""
    return [*dict.fromkeys(name for name in names if lookup_flaw(name) is None)][:MOST_TAGS]


def tags_in(text: str) -> list[str]:
    """The valid tag names in the text of a link, nine at most."""
    return valid_tags(names_in(text))


def choice_of(text: str, choices: Sequence[str]) -> str:
    """``text`` if it is one of ``choices``, else the first choice."""
    return text if text in choices else choices[0]


def without_defaults(values: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a link whose values are not those of a link without them."""
    defaults = {"layout": LAYOUTS[0], "tool": TOOLS[0], "rel": RELATIONS[0], "lag": "0"}
    return {name: value for name, value in values.items() if value != defaults.get(name)}


def valid_lag(text: str) -> int:
    """The lag in buckets that the text names, within the allowed bounds; 0 for any other text."""
    digits = text.removeprefix("-")
    if not digits.isdecimal() or len(digits) > len(str(MOST_LAG)):
        return 0
    return max(-MOST_LAG, min(MOST_LAG, int(text)))


def relation(query: Mapping[str, str], tags: Sequence[str]) -> dict[str, str | int]:
    """The valid selection of a relation: ``rel``, ``x``, ``y`` and ``lag``.

    Args:
        query: the parameters of a link or of a browser's event.
        tags: the tags of the page. Any other tag becomes an empty text.
    """
    x, y = query.get("x", ""), query.get("y", "")
    return {
        "rel": choice_of(query.get("rel", ""), RELATIONS),
        "x": x if x in tags else "",
        "y": y if y in tags else "",
        "lag": valid_lag(query.get("lag", "")),
    }
