"""The meters count every statement of the app under its own name (PRD §8.7)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ksys_app import queries

# The functions of periods.py count under the names that their callers give.
FILES = [
    path for path in sorted(Path(queries.__file__).parent.glob("*.py")) if path.stem != "periods"
]
ASKS = {"fetch_all", "fetch_cached", "fetch_versioned", "fetch_period"}


def names(path: Path) -> list[tuple[str, str | None]]:
    """The statement of each call, as the source has it, and its name in the meters."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            if called not in ASKS:
                continue
            keywords = {word.arg: word.value for word in node.keywords}
            name = keywords.get("name")
            place = 1 if called == "fetch_all" else 2
            statement = f"{path.stem} {ast.unparse(node.args[place])}"
            found.append((statement, name.value if isinstance(name, ast.Constant) else None))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_statement_has_a_name(path: Path) -> None:
    assert [statement for statement, name in names(path) if not name] == []


def test_no_two_statements_share_one() -> None:
    statements: dict[str, set[str]] = {}
    for path in FILES:
        for statement, name in names(path):
            statements.setdefault(str(name), set()).add(statement)
    assert len(statements) > 15
    shared = {name: found for name, found in statements.items() if len(found) > 1}
    assert set(shared) == {"clock"}, "what time it is, is asked from two places"
