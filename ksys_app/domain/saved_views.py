"""Which names and addresses a saved view may have (PRD §33.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from ksys_app.domain.names import step_flaw
from ksys_app.models.message import Message

MAX_NAME: Final = 80
"""Most characters of a name."""
MAX_QUERY: Final = 4_096
"""Most bytes of what follows the ``?`` in the address."""

_SERIES: Final = frozenset({"tag", "window", "from", "to", "series", "zoom", "page"})
_SPAN: Final = frozenset({"span", "from", "to"})
PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "/": frozenset({"window", "tag", "sort", "group", "only", "pins"}),
    "/trend": _SERIES,
    "/tech": _SERIES | {"band"},
    "/comm": frozenset({"tags", "tag", "start", "cell", "view", "search", "sort"}),
    "/explore": frozenset(
        {
            *("tags", "window", "from", "to", "bucket", "compare", "diff"),
            *("layout", "hide", "zoom", "part", "tool", "rel", "x", "y", "lag"),
        }
    ),
    "/alarms": frozenset({"view", "only", "priority", "group", "tag", "by"}),
    "/alarms/journal": _SPAN
    | {"tag", "condition", "event", "priority", "actor", "order", "after", "flat"},
    "/alarms/kpi": _SPAN,
}
"""The pages that can be saved, and the parameters that each of them reads."""


class WrongView(ValueError):
    """A name or an address that a view cannot have; ``sentence`` says why."""

    def __init__(self, sentence: Message) -> None:
        super().__init__(sentence.key)
        self.sentence = sentence


def clean_name(text: str) -> str:
    """The name without blanks around it.

    Raises:
        WrongView: it is empty or too long, has a hidden character, or is a step in a path.
    """
    name = text.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise WrongView(Message("errors.view_name", {"most": MAX_NAME}))
    wrong = step_flaw(name)
    if wrong is not None:
        raise WrongView(wrong)
    return name


def clean_query(path: str, query: str) -> str:
    """What follows the ``?`` in the address of a page, in one way to write it, nothing empty in it.

    The page with this query is an address of this app, whatever was sent: the page is one of
    :data:`PARAMETERS`, and each parameter is one that it reads, once.

    Raises:
        WrongView: the page cannot be saved, or the query is too long or has something else.
    """
    known = PARAMETERS.get(path)
    if known is None:
        raise WrongView(Message("errors.view_page", {"path": repr(path[:40])}))
    if len(query) > MAX_QUERY:
        raise WrongView(Message("errors.view_long", {"most": f"{MAX_QUERY:,}"}))
    try:
        pairs = parse_qsl(query, strict_parsing=bool(query), errors="strict", max_num_fields=50)
    except ValueError:
        raise WrongView(Message("errors.view_query")) from None
    names = [name for name, _ in pairs]
    for name in names:
        if name not in known or names.count(name) > 1:
            values = {"name": repr(name[:40]), "path": path}
            raise WrongView(Message("errors.view_parameter", values))
    if any("\0" in value for _, value in pairs):
        raise WrongView(Message("errors.view_query"))
    made = urlencode(pairs, safe=",:/@")
    if len(made) > MAX_QUERY:
        raise WrongView(Message("errors.view_long", {"most": f"{MAX_QUERY:,}"}))
    return made
