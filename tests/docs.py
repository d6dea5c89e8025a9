"""Reads the project's documents for tests: sections, tables, links, references, commands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup

from ksys_app.cli import app as cli

ROOT = Path(__file__).resolve().parents[1]
PRD = (ROOT / "PRD.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("[A-Z]*.md"))

_HEADING = re.compile(r"^(#{2,4}) (\d+(?:\.\d+)*)\.? (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s*\n\s*(?:#|--|//|\*)?\s*")
_LIST = r"\d+(?:(?:, | and | to )\d+)*"
_CHAIN = re.compile(rf"(?:(?:§\d+(?:\.\d+)*|decisions? {_LIST}|\d+\.\d+)(?:, | and )?)+")


def files() -> list[Path]:
    """Every file of the project that git does not ignore."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    paths = (ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name)
    return [path for path in paths if path.is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """Relative path and text of every file that people wrote."""
    for path in files():
        if path.suffix in {".lock", ".gz", ".png", ".jpg", ".woff2"} or "lock.json" in path.name:
            continue
        yield path.relative_to(ROOT), path.read_text("utf-8")


def markdown() -> Iterator[tuple[Path, str]]:
    """Relative path and text of every Markdown file."""
    return ((path, text) for path, text in texts() if path.suffix == ".md")


def sections() -> list[tuple[str, str]]:
    """Number and title of every section of the requirements, in order."""
    return [(number, title) for _, number, title in _HEADING.findall(PRD)]


def section(number: str) -> str:
    """The text of a section of the requirements, with its subsections."""
    found = [m for m in _HEADING.finditer(PRD) if m[2] == number]
    assert len(found) == 1, f"PRD.md has {len(found)} sections {number}"
    level = len(found[0][1])
    rest = PRD[found[0].end() :]
    end = re.search(rf"^#{{2,{level}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def table(text: str) -> list[list[str]]:
    """The rows of the first table in a text, without its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    width = len(rows[0])
    return [row for row in rows[2:] if len(row) == width]


def codes(cell: str) -> list[str]:
    """The parts of a text in code type."""
    return re.findall(r"`([^`]+)`", cell)


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of one language, without indentation."""
    found = _FENCE.findall(text)
    return [re.sub(rf"^{indent}", "", body, flags=re.M) for indent, name, body in found
            if name == language]  # fmt: skip


def references(text: str) -> Iterator[tuple[str, list[str], list[int]]]:
    """Each reference to the requirements: its text, sections and decisions."""
    flat = _COMMENT.sub(" ", text)
    for mention in re.finditer(r"\bPRD\b(?!\.md)\s?", flat):
        chain = _CHAIN.match(flat, mention.end())
        words = flat[mention.start() : mention.end() + 30] if chain is None else chain[0]
        numbers = [] if chain is None else re.findall(r"decisions? (" + _LIST + ")", words)
        bare = re.sub(r"decisions? " + _LIST, "", words if chain else "")
        yield (
            words,
            re.findall(r"\d+(?:\.\d+)*", bare),
            [int(number) for group in numbers for number in re.findall(r"\d+", group)],
        )


def command(words: list[str]) -> str:
    """The error of a ``ksys`` command line; empty if the command has all its options."""
    here: TyperGroup | TyperCommand = typer.main.get_command(cli)  # type: ignore[assignment]
    for before, word in pairwise(["", *words]):
        if word.startswith("--"):
            options = {
                option
                for parameter in here.params
                for option in (*parameter.opts, *parameter.secondary_opts)
            }
            if word.split("=")[0] not in options | {"--help"}:
                return f"{here.name or 'ksys'} has no option {word}"
        elif isinstance(here, TyperGroup):
            if here.invoke_without_command and before.startswith("--"):
                continue  # the value of an option
            if word not in here.commands:
                return f"{here.name or 'ksys'} has no command {word}"
            here = here.commands[word]  # type: ignore[assignment]
    return ""


def command_lines(text: str) -> Iterator[list[str]]:
    """The ``ksys`` command lines of a document, in code type and in blocks of shell commands."""
    without_blocks = _FENCE.sub("", text)
    spans = re.findall(r"`(ksys [^`]+)`", without_blocks)
    lines = [line for block in blocks(text, "bash") for line in block.splitlines()]
    commands = [
        found for line in lines for found in re.findall(r"(?:^|/|&& )(ksys .+?)(?: &&|$)", line)
    ]
    for line in [*spans, *commands]:
        yield line.split("#")[0].split()[1:]
