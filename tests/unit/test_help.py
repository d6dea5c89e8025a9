"""``--help`` of each command shows at least one example, and the command accepts it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from ksys_app.cli import app


def commands(group: TyperGroup, *path: str) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """Each command that can be run, with its name as a person types it."""
    for name, one in group.commands.items():
        if isinstance(one, TyperGroup):
            if one.invoke_without_command:
                yield " ".join(["ksys", *path, name]), one
            yield from commands(one, *path, name)
        else:
            assert isinstance(one, TyperCommand)
            yield " ".join(["ksys", *path, name]), one


ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
COMMANDS = dict(commands(ROOT))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_an_example_that_it_takes(name: str) -> None:
    examples = re.findall(r"^Example: (.+)$", COMMANDS[name].help or "", re.MULTILINE)
    assert examples
    for example in examples:
        assert example.startswith(name)
        # An unknown word raises the error that a person would read.
        COMMANDS[name].make_context(name, shlex.split(example.removeprefix(name)))


def test_an_example_that_is_wrong_would_be_found() -> None:
    with pytest.raises(Exception, match="--dry"):
        COMMANDS["ksys db init"].make_context("ksys db init", ["--dry"])
