"""A terminal shows the texts of people without their control characters."""

from __future__ import annotations

import json

import pytest
from rich.table import Table

from ksys_app.commands import terminal

EVIL = "\x1b[2J\x1b]0;title\x07 a\rb \x9b31m \u202eback [bold] 한글"


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    output = capsys.readouterr()
    text = output.out + output.err
    assert all(sign.isprintable() or sign == "\n" for sign in text), repr(text)
    return text


def test_a_terminal_obeys_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("who", box=None)
    table.add_row(terminal.plain(EVIL))
    terminal.table(table)
    terminal.line(True, EVIL, EVIL)
    terminal.fail(EVIL)
    terminal.note(EVIL)
    terminal.out.print(EVIL, markup=False)
    text = shown(capsys)
    assert text.count(r"\x1b[2J\x1b]0;title\x07 a\rb \x9b31m \u202eback [bold] 한글") == 6


def test_json_stays_the_same_document(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.as_json([{EVIL: EVIL}])
    text = shown(capsys)
    assert json.loads(text) == [{EVIL: EVIL}]
    assert "한글" in text
