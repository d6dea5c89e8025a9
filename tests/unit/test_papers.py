"""The documents hold: references and links resolve, commands exist, every code has its runbook."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ksys_app import __version__
from tests import docs

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
# What an error box can show; who reads it there may be no engineer.
ON_PAGES = {
    *("DB_CONN", "DB_TIMEOUT", "DB_FAULT", "DB_RESTORING", "SCHEMA_DRIFT", "NO_ROWS"),
    *("PAYLOAD_BLOAT", "BAD_PARAMETER", "UNKNOWN_TAG", "INTERNAL"),
}
# Those of the first version; later ones keep their number of the plant's list, which has more.
FIRST_DECISIONS = 30
# Papers that state requirements may name commands still to come; they say so in their tables.
FOR_USERS = [path for path, _ in docs.markdown() if path.name != "PRD.md"]


def test_the_requirements_are_numbered_in_order_and_without_a_gap() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _ in docs.sections()]
    assert numbers == sorted(set(numbers))
    assert [n for (n,) in (number for number in numbers if len(number) == 1)] == list(range(1, 31))


def test_every_reference_to_the_requirements_resolves() -> None:
    known = {number for number, _ in docs.sections()}
    taken = {int(row[0]) for row in docs.table(docs.section("18"))}
    lost = []
    for path, text in docs.texts():
        prose = path.suffix == ".md" or path.name in {"docs.py", "test_papers.py"}
        for words, sections, decisions in docs.references(text):
            if not (sections or decisions or prose):
                lost.append(f"{path}: {words!r} names no section")
            lost += [f"{path}: {words!r}: no section {n}" for n in sections if n not in known]
            lost += [f"{path}: no decision {n}" for n in decisions if n not in taken]
    assert lost == []


def test_a_lost_reference_would_be_found() -> None:
    found = list(docs.references("PRD §5.2, decisions 1 and\n# 99; PRD 28.1; PRD B7"))
    assert [(sections, decisions) for _, sections, decisions in found] == [
        (["5.2"], [1, 99]),
        (["28.1"], []),
        ([], []),
    ]


def test_sections_named_inside_the_requirements_exist() -> None:
    known = {number for number, _ in docs.sections()}
    assert set(re.findall(r"§(\d+(?:\.\d+)*)", docs.PRD)) - known == set()


def test_the_decisions_are_there_in_order() -> None:
    rows = docs.table(docs.section("18"))
    numbers = [int(row[0]) for row in rows]
    assert numbers[:FIRST_DECISIONS] == list(range(1, FIRST_DECISIONS + 1))
    assert numbers == sorted(set(numbers))
    assert all(row[1] and row[2] for row in rows)


@pytest.mark.parametrize(
    "path",
    [p for p in docs.RUNBOOKS if p.stem not in {"README", "RECOVERY"}],
    ids=lambda path: path.stem,
)
def test_a_runbook_has_its_four_headings_and_no_way_out(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {path.stem}: ")
    reader = ["If a page sent you here"] if path.stem in ON_PAGES else []
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [*reader, *HEADINGS]
    for_reader = text.partition("\n## Meaning")[0]
    assert "```" not in for_reader
    assert "ksys " not in for_reader
    # They are served by the app too: only what is beside them can be linked to.
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (path.parent / target).parent == path.parent


def test_the_list_of_runbooks_is_complete() -> None:
    listed = re.findall(r"\]\((\w+)\.md\)", (docs.RUNBOOKS[0].parent / "README.md").read_text())
    assert sorted(listed) == sorted(p.stem for p in docs.RUNBOOKS if p.stem != "README")


@pytest.mark.parametrize("path", FOR_USERS, ids=str)
def test_commands_named_in_a_paper_exist(path: Path) -> None:
    text = (docs.ROOT / path).read_text("utf-8")
    wrong = [(words, docs.command(words)) for words in docs.command_lines(text)]
    assert [pair for pair in wrong if pair[1]] == []
    targets = re.findall(r"^([a-z]+):.*##", (docs.ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(targets)


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert docs.command(["db", "verify", "--json"]) == ""
    assert docs.command(["db", "verfy"]) != ""
    assert docs.command(["db", "verify", "--jsn"]) != ""


def test_links_between_papers_resolve() -> None:
    lost = []
    for path, text in docs.markdown():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith(("http://", "https://")):
                continue
            name, _, anchor = target.partition("#")
            file = (docs.ROOT / path).parent / name if name else docs.ROOT / path
            if not file.exists():
                lost.append(f"{path}: {target} is not there")
            elif anchor and anchor not in _anchors(file.read_text("utf-8")):
                lost.append(f"{path}: {target} has no such heading")
    assert lost == []


def test_files_named_in_a_paper_are_there() -> None:
    lost = []
    for path, text in docs.markdown():
        # What the specification calls its files stands in a table of its own (PRD §30).
        told = text.partition("## 30.")[0] if path.name == "PRD.md" else text
        for name in docs.codes(told):
            if re.fullmatch(r"[\w.-]+/[\w./-]+\.\w+", name):
                places = (docs.ROOT, (docs.ROOT / path).parent)
                if not any((place / name).exists() for place in places):
                    lost.append(f"{path}: {name} is not there")
    assert lost == []


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_changelog_tells_of_this_version() -> None:
    text = (docs.ROOT / "CHANGELOG.md").read_text("utf-8")
    project = tomllib.loads((docs.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
    assert re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)[:2] == ["Unreleased", __version__]
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


# Written so that this file does not match itself.
FOREIGN = re.compile(
    r"/wor[k]/|\.\./share[d]\b|\.librar[y]\b|[c]laude|[c]hatgpt|[c]opilot|\bAI[ ]|language[ ]model"
    r"|[c]o-authored-by|generated[ ]with",
    re.IGNORECASE,
)


def test_the_project_stands_alone() -> None:
    lines = [
        f"{path}:{number} {line.strip()[:100]}"
        for path, text in docs.texts()
        for number, line in enumerate(text.splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert lines == []
