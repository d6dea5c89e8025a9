"""The rules for the names of tags, in samples and in requests (PRD §4.8)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ksys_app.models.message import Message

MAX_TAG_LENGTH: Final = 200
"""Most characters of a name that the product writes."""
MAX_LOOKUP_LENGTH: Final = 5_000
"""Most characters of a name in a request. Another program may write longer names than this product.
A URL with so many characters has up to 60,000 bytes, about the most that the server accepts."""
MAX_FILTER: Final = 200
"""Most characters of a filter for names."""

_SHOWN: Final = 60
_PREFIX: Final = re.compile(r"[^./:_ -]+(?=[./:_ -])|\D+(?=\d)")
_BREAK: Final = Message("faults.sign_break")
_CALLED: Final = {
    **{"\0": Message("faults.sign_nul"), "\t": Message("faults.sign_tab")},
    **{"\n": _BREAK, "\r": _BREAK},
}


# A file of samples has few names, and each of them many times.
@lru_cache(8192)
def flaw(name: str) -> Message | None:
    """The fault of a name that the product is to write, None for a good name."""
    if not name:
        return Message("faults.name_empty")
    if len(name) > MAX_TAG_LENGTH:
        values = {"name": quoted_name(name), "most": MAX_TAG_LENGTH}
        return Message("faults.name_long", values)
    hidden = next((sign for sign in name if not sign.isprintable()), None)
    if hidden is not None:
        values = {"name": quoted_name(name), "sign": _called(hidden)}
        return Message("faults.name_hidden", values)
    if name != name.strip():
        return Message("faults.name_blanks", {"name": quoted_name(name)})
    return None


def lookup_flaw(name: str) -> Message | None:
    """Why no tag in any database can have this name, None if a tag may have it."""
    if not name:
        return Message("errors.tag_empty")
    if len(name) > MAX_LOOKUP_LENGTH:
        return Message("errors.tag_long", {"most": MAX_LOOKUP_LENGTH})
    if "\0" in name:
        return Message("errors.tag_nul", {"tag": quoted_name(name)})
    return None


def step_flaw(name: str) -> Message | None:
    """Why nothing can be saved under this name, None if it can be part of an address.

    A saved view and a saved expression are read, changed and deleted at an address that ends with
    the name. Browsers take ``.`` and ``..`` at this place, even encoded, for a step in the path.
    """
    if name in (".", ".."):
        return Message("errors.name_step", {"name": quoted_name(name)})
    return None


def clean_filter(text: str) -> str:
    """A filter for names, reduced to printable characters, trimmed, at most 200 characters."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:MAX_FILTER].rstrip()


def matches(name: str, wanted: str, about: str = "") -> bool:
    """Whether a name or a title has every word of ``wanted``; upper and lower case are equal."""
    small = f"{name} {about}".lower()
    return all(word in small for word in wanted.lower().split())


def group_of(name: str) -> str:
    """The group of a tag whose rule has no group: its name up to a separator or a number.

    ``U01.PT0001`` is in ``U01``, ``D100`` in ``D``. A name without either is a separate group.
    """
    found = _PREFIX.match(name)
    return found[0] if found else name


def quoted_name(name: str) -> str:
    """A name for a sentence: in quotes, hidden characters escaped, cut to 60 characters."""
    return repr(name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…")


def _called(sign: str) -> Message:
    """The description of a character that cannot be seen."""
    return _CALLED.get(sign) or Message("faults.sign_hidden", {"code": f"U+{ord(sign):04X}"})
