"""The common options of the commands that read a table from a file."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ksys_app.commands import terminal
from ksys_app.ops.files.dialect import WORDS, Reading

Encoding = Annotated[
    str | None,
    typer.Option(
        help="Encoding of the file, e.g. cp949 or utf-16; default: its byte order mark, else UTF-8."
    ),
]
DecimalSign = Annotated[
    Literal["point", "comma"] | None,
    typer.Option("--decimal", help="Decimal sign of the numbers; default: recognised from them."),
]


def reading(encoding: str | None, decimal: str | None) -> Reading:
    """The options for reading a file. The detected format is printed on standard error."""
    return Reading(encoding, WORDS[decimal] if decimal else None, terminal.note)
