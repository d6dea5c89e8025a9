"""Every word that a person reads on the pages, in English and Korean.

A catalogue is a JSON file: sections of texts by name. The pages choose the language in the browser
(PRD §14.1), so the state sends a :class:`Message`, never a finished sentence. Logs, commands and
HTTP answers are in English.

Words in braces are filled in. A text with a count ``n`` has its form for one before a ``|`` and its
form for other numbers behind it; without a ``|`` both are the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ksys_app.domain import figures
from ksys_app.models.message import Message

DASH: Final = figures.DASH
HERE: Final = Path(__file__).parent
Catalogue = Mapping[str, Mapping[str, str]]


def _read(language: str) -> Catalogue:
    # A browser loads the second file with the pages that say its words.
    files = (HERE / f"{language}.json", HERE / f"explore.{language}.json")
    sections: dict[str, Mapping[str, str]] = {}
    for file in files:
        sections |= json.loads(file.read_text(encoding="utf-8"))
    return MappingProxyType({name: MappingProxyType(texts) for name, texts in sections.items()})


LANGUAGES: Final[Mapping[str, Catalogue]] = MappingProxyType(
    {language: _read(language) for language in ("en", "ko")}
)
ENGLISH: Final = LANGUAGES["en"]

_NAME: Final = re.compile(r"\{(\w+)\}")


def say(what: Any, words: Catalogue = ENGLISH) -> str:
    """A message in the language of ``words``; lists are joined by commas, other values as they are.

    The browser's twin is ``say`` in ``components/client/lib/words.js``.
    """
    if isinstance(what, list):
        return ", ".join(say(one, words) for one in what)
    if not isinstance(what, Message):
        return str(what)
    if not what.key:
        return ""
    values = {name: say(value, words) for name, value in what.values.items()}
    section, _, name = what.key.partition(".")
    one, _, other = words[section][name].partition("|")
    text = one if values.get("n") == "1" else other or one
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)
