"""Variables that look like settings of ours and are none: most of them are misspelt (PRD §9)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

PREFIXES: Final = ("KSYS_", "TS_")
# Names that begin like a setting and belong to others: to the compose file, the proxies' files and
# the tests.
OTHERS: Final = frozenset({"KSYS_PORT", "KSYS_SITE", "KSYS_UPSTREAM", "TS_TEST_DSN"})
# Kubernetes puts such names, made of a service's, into every container beside it.
SERVICE_LINK: Final = re.compile(r"\w+_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
LINK_ADDRESS: Final = ("tcp://", "udp://", "sctp://")


class Misspelt(NamedTuple):
    """A name that is none of ours, and the nearest one that is."""

    name: str
    nearest: str


def misspelt(given: Mapping[str, str | None], settings: Collection[str]) -> Iterator[Misspelt]:
    """Each name in ``given`` that begins like a setting and is none.

    Args:
        given: variables with their values; upper and lower case are one, an empty value is none.
        settings: the names that are settings.
    """
    ours = sorted({*settings, *OTHERS})
    for name, value in sorted((name.upper(), value) for name, value in given.items() if value):
        if name.startswith(PREFIXES) and name not in ours and not _is_link(name, value):
            yield Misspelt(name, _nearest(name, ours))


def _is_link(name: str, value: str) -> bool:
    if name.endswith("_PORT") and value.startswith(LINK_ADDRESS):
        return True
    return SERVICE_LINK.fullmatch(name) is not None


def _nearest(name: str, names: Iterable[str]) -> str:
    (nearest,) = get_close_matches(name, list(names), n=1, cutoff=0)
    return nearest
