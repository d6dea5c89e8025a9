"""Finds environment variables that look like misspelt settings (PRD §9)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

PREFIXES: Final = ("KSYS_", "TS_")
# Names that begin like a setting but belong to the compose file, the proxies' files and the tests.
OTHERS: Final = frozenset(
    {"KSYS_LOGIN", "KSYS_PORT", "KSYS_SITE", "KSYS_UPSTREAM", "KSYS_UPSTREAMS", "TS_TEST_DSN"}
)
# Kubernetes sets variables with the names of services in every container.
SERVICE_LINK: Final = re.compile(r"\w+_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
LINK_ADDRESS: Final = ("tcp://", "udp://", "sctp://")


class Misspelt(NamedTuple):
    """A variable that is no setting, and the most similar name of a setting."""

    name: str
    nearest: str


def misspelt(variables: Mapping[str, str | None], settings: Collection[str]) -> Iterator[Misspelt]:
    """Each variable whose name begins like a setting but is none.

    Args:
        variables: name to value. Upper and lower case are equal; empty values are ignored.
        settings: the names of the settings.
    """
    ours = sorted({*settings, *OTHERS})
    for name, value in sorted((name.upper(), value) for name, value in variables.items() if value):
        if name.startswith(PREFIXES) and name not in ours and not _is_link(name, value):
            yield Misspelt(name, _nearest(name, ours))


def _is_link(name: str, value: str) -> bool:
    if name.endswith("_PORT") and value.startswith(LINK_ADDRESS):
        return True
    return SERVICE_LINK.fullmatch(name) is not None


def _nearest(name: str, names: Iterable[str]) -> str:
    (nearest,) = get_close_matches(name, list(names), n=1, cutoff=0)
    return nearest
