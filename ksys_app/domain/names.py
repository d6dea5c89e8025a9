"""What a tag may be called, and which names may be asked for (PRD §4.8)."""

from __future__ import annotations

from typing import Final

MAX_TAG_LENGTH: Final = 200
"""Characters of a name that the product writes."""
MAX_ASKED_LENGTH: Final = 5_000
"""Characters of a name that may be asked for: another writer keeps to no rule of ours, and a URL of
so many holds up to 60,000 bytes, about what the server takes."""
MAX_FILTER: Final = 200
"""Characters of what names are filtered by."""

_SHOWN: Final = 60
_BREAK: Final = "a line break"
_CALLED: Final = {"\0": "a NUL character", "\t": "a tab", "\n": _BREAK, "\r": _BREAK}


def flaw(name: str) -> str | None:
    """What is wrong with a name that shall be written, None for a good one."""
    if not name:
        return "must be a name"
    if len(name) > MAX_TAG_LENGTH:
        return f"{shown(name)} is longer than {MAX_TAG_LENGTH} characters"
    hidden = next((sign for sign in name if not sign.isprintable()), None)
    if hidden is not None:
        return f"{shown(name)} holds {_called(hidden)}; a name is of characters that can be seen"
    if name != name.strip():
        return f"{shown(name)} has blanks around it"
    return None


def asked_flaw(name: str) -> str | None:
    """Why no tag of any database can have this name, None where one might."""
    if not name:
        return "must be a name"
    if len(name) > MAX_ASKED_LENGTH:
        return f"is longer than {MAX_ASKED_LENGTH} characters"
    if "\0" in name:
        return f"{shown(name)} holds a NUL character, which no name can"
    return None


def clean_filter(text: str) -> str:
    """What names may be filtered by: printable, trimmed, at most 200 characters."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:MAX_FILTER].rstrip()


def matches(name: str, wanted: str, about: str = "") -> bool:
    """Whether every word of ``wanted`` is somewhere in a name or a title, whatever the case."""
    small = f"{name} {about}".lower()
    return all(word in small for word in wanted.lower().split())


def shown(name: str) -> str:
    """A name in quotes, its hidden characters escaped, cut to what fits into a sentence."""
    return repr(name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…")


def _called(sign: str) -> str:
    """A character that cannot be seen, in words."""
    return _CALLED.get(sign) or f"the hidden character U+{ord(sign):04X}"
