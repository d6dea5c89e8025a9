"""The meters count every statement of the app under its own name (PRD §8.7)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ksys_app import queries

FILES = sorted(Path(queries.__file__).parent.glob("*.py"))
ASKS = {"fetch_all", "fetch_cached", "fetch_versioned"}


def names(path: Path) -> list[tuple[str, str | None]]:
    """What each call asks, the SQL as it is written, and the name it is counted under."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in ASKS:
                continue
            given = {word.arg: word.value for word in node.keywords}
            name = given.get("name")
            place = 1 if node.func.attr == "fetch_all" else 2
            asked = f"{path.stem} {ast.unparse(node.args[place])}"
            found.append((asked, name.value if isinstance(name, ast.Constant) else None))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_statement_has_a_name(path: Path) -> None:
    assert [asked for asked, name in names(path) if not name] == []


def test_no_two_statements_share_one() -> None:
    asked: dict[str, set[str]] = {}
    for path in FILES:
        for statement, name in names(path):
            asked.setdefault(str(name), set()).add(statement)
    assert len(asked) > 15
    shared = {name: found for name, found in asked.items() if len(found) > 1}
    assert set(shared) == {"clock"}, "what time it is, is asked from two places"
