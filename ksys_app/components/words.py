"""The texts of the catalogue as vars; the browser inserts them in its language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData

from ksys_app.components.client.files import library
from ksys_app.texts import ENGLISH

_READS: Final = VarData(
    imports={library("lib/usewords.js"): [ImportVar(tag="useWords", install=False)]},
    hooks={"const words = useWords();": None},
)
_FILLS: Final = VarData.merge(
    _READS,
    VarData(
        imports={
            library("lib/words.js"): [
                ImportVar(tag=tag, install=False) for tag in ("fill", "counted", "say", "capital")
            ]
        }
    ),
)


class Section:
    """The texts of one section. ``T.refresh`` is that text in the reader's language."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._texts = ENGLISH[name]

    def __getattr__(self, name: str) -> rx.Var[str]:
        """The text as a var.

        Raises:
            AttributeError: the catalogue has no such text.
        """
        if name not in self._texts:
            raise AttributeError(f"{self._name}.{name} is not in the catalogue")
        return _var(f'words.{self._name}["{name}"]', _READS)

    def at(self, name: rx.Var[str]) -> rx.Var[str]:
        """The text whose key is a var of the state."""
        data = VarData.merge(_READS, name._get_all_var_data())
        return _var(f"words.{self._name}[{name}]", data)

    def each(self) -> Mapping[str, rx.Var[str]]:
        """All texts of the section by key."""
        return {name: getattr(self, name) for name in self._texts}


T: Final = Section("pages")
L: Final = Section("live")
C: Final = Section("comm")
ACCESS: Final = Section("access")
A: Final = Section("alarm")
AL: Final = Section("alarms")
ED: Final = Section("edit")
RG: Final = Section("ranges")
LIMITS: Final = Section("limits")
FEATURES: Final = Section("features")


def filled(text: rx.Var[str], **values: Any) -> rx.Var[str]:
    """A text with its placeholders filled; a count ``n`` chooses its form."""
    call = "counted" if "n" in values else "fill"
    count = [values.pop("n")] if "n" in values else []
    arguments = [rx.Var.create(value) for value in (text, *count, values)]
    data = VarData.merge(_FILLS, *(argument._get_all_var_data() for argument in arguments))
    return _var(f"{call}({', '.join(map(str, arguments))})", data)


def message_text(message: rx.Var[Any], call: str = "say") -> rx.Var[str]:
    """A message of the state as text in the reader's language."""
    data = VarData.merge(_FILLS, message._get_all_var_data())
    return _var(f"{call}(words, {message})", data)


def sentence(message: rx.Var[Any]) -> rx.Var[str]:
    """The same with a capital letter at its beginning."""
    return message_text(message, "capital")


def _var(expression: str, data: VarData | None) -> rx.Var[str]:
    return rx.Var(_js_expr=expression, _var_type=str, _var_data=data).guess_type()
