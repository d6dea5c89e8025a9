"""The documents are consistent: references, links, commands, runbooks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ksys_app import __version__
from tests import docs

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
# The codes that an error box can show. Its reader may be no engineer.
ON_PAGES = {
    *("DB_CONN", "DB_TIMEOUT", "DB_FAULT", "DB_RESTORING", "SCHEMA_DRIFT", "NO_ROWS"),
    *("PAYLOAD_BLOAT", "BAD_PARAMETER", "UNKNOWN_TAG", "INTERNAL"),
    *("AUTH_REQUIRED", "RATE_LIMITED", "ADDRESS_LONG"),
}
# The decisions of the first version. Later ones have the numbers of the plant's longer list.
FIRST_DECISIONS = 30
# PRD.md may name commands that do not exist yet; its tables say so.
FOR_USERS = [path for path, _ in docs.markdown() if path.name != "PRD.md"]


def test_the_sections_are_numbered_in_order_without_a_gap() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _ in docs.sections()]
    assert numbers == sorted(set(numbers))
    assert [n for (n,) in (number for number in numbers if len(number) == 1)] == list(range(1, 34))


def test_every_reference_to_the_requirements_resolves() -> None:
    existing = {number for number, _ in docs.sections()}
    decided = {int(row[0]) for row in docs.table(docs.section("18"))}
    unresolved = []
    for path, text in docs.texts():
        prose = path.suffix == ".md" or path.name in {"docs.py", "test_docs.py"}
        for words, sections, decisions in docs.references(text):
            if not (sections or decisions or prose):
                unresolved.append(f"{path}: {words!r} names no section")
            unresolved += [
                f"{path}: {words!r}: no section {n}" for n in sections if n not in existing
            ]
            unresolved += [f"{path}: no decision {n}" for n in decisions if n not in decided]
    assert unresolved == []


def test_an_unresolved_reference_would_be_found() -> None:
    found = list(docs.references("PRD §5.2, decisions 1 and\n# 99; PRD 28.1; PRD B7"))
    assert [(sections, decisions) for _, sections, decisions in found] == [
        (["5.2"], [1, 99]),
        (["28.1"], []),
        ([], []),
    ]


def test_sections_named_inside_the_requirements_exist() -> None:
    existing = {number for number, _ in docs.sections()}
    assert set(re.findall(r"§(\d+(?:\.\d+)*)", docs.PRD)) - existing == set()


def test_the_decisions_are_complete_and_in_order() -> None:
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
    # The app serves the runbooks too, so a link can lead only to a file beside them.
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (path.parent / target).parent == path.parent


def test_the_list_of_runbooks_is_complete() -> None:
    listed = re.findall(r"\]\((\w+)\.md\)", (docs.RUNBOOKS[0].parent / "README.md").read_text())
    assert sorted(listed) == sorted(p.stem for p in docs.RUNBOOKS if p.stem != "README")


@pytest.mark.parametrize("path", FOR_USERS, ids=str)
def test_commands_named_in_a_document_exist(path: Path) -> None:
    text = (docs.ROOT / path).read_text("utf-8")
    errors = [(words, docs.command(words)) for words in docs.command_lines(text)]
    assert [pair for pair in errors if pair[1]] == []
    targets = re.findall(r"^([a-z]+):.*##", (docs.ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(targets)


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert docs.command(["db", "verify", "--json"]) == ""
    assert docs.command(["db", "verfy"]) != ""
    assert docs.command(["db", "verify", "--jsn"]) != ""


def test_links_between_documents_resolve() -> None:
    unresolved = []
    for path, text in docs.markdown():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith(("http://", "https://")):
                continue
            name, _, anchor = target.partition("#")
            file = (docs.ROOT / path).parent / name if name else docs.ROOT / path
            if not file.exists():
                unresolved.append(f"{path}: {target} does not exist")
            elif anchor and anchor not in _anchors(file.read_text("utf-8")):
                unresolved.append(f"{path}: {target} has no such heading")
    assert unresolved == []


def test_files_named_in_a_document_exist() -> None:
    unresolved = []
    for path, text in docs.markdown():
        # PRD §30 has the names that the specification gives its files.
        prose_text = text.partition("## 30.")[0] if path.name == "PRD.md" else text
        for name in docs.codes(prose_text):
            if re.fullmatch(r"[\w.-]+/[\w./-]+\.\w+", name):
                places = (docs.ROOT, (docs.ROOT / path).parent)
                if not any((place / name).exists() for place in places):
                    unresolved.append(f"{path}: {name} does not exist")
    assert unresolved == []


RELIABILITY = (docs.ROOT / "docs" / "reliability.md").read_text("utf-8")


def test_each_fault_names_its_tests_and_they_exist() -> None:
    rows = [line for line in RELIABILITY.splitlines() if line.startswith("| ")]
    faults = [row for row in rows if not row.startswith(("| Fault |", "| --- |"))]
    assert len(faults) > 15
    for row in faults:
        assert re.search(r"`tests/[\w/]+\.py::\w+`", row), f"no test beside: {row}"
    assert _missing(RELIABILITY) == []


SECURITY = (docs.ROOT / "docs" / "security.md").read_text("utf-8")


def test_each_requirement_of_the_checklist_has_one_answer_and_what_it_names_exists() -> None:
    rows = docs.table(SECURITY.partition("\n## OWASP")[2])
    numbers = [tuple(map(int, row[0].split("."))) for row in rows]
    assert numbers == sorted(set(numbers))
    # The standard has so many requirements of level 1.
    assert len(numbers) == 70
    for number, _, state, answer in rows:
        assert state in {"met", "partly", "not met", "does not apply", "site"}, number
        assert state != "met" or re.search(r"`\w+/[\w./-]+\.\w+(::\w+)?`", answer), number
    assert _missing(SECURITY) == []


def test_an_answer_that_names_nothing_would_be_found() -> None:
    named = ("tests/nothing.py", "ksys_app/log.py::nothing", "ksys_app/log.py::event")
    assert _missing(" ".join(f"`{one}`" for one in named)) == list(named[:2])


def _missing(text: str) -> list[str]:
    """The files, and the functions, classes and constants of files, that do not exist."""
    found = []
    for path, name in re.findall(r"`(\w+/[\w./-]+\.\w+)(?:::(\w+))?`", text):
        file = docs.ROOT / path
        defined = rf"^ *(?:(?:async )?def|class) {name}\b|^{name}\b"
        if not file.is_file() or (name and not re.search(defined, file.read_text(), re.MULTILINE)):
            found.append(f"{path}::{name}" if name else path)
    return found


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_changelog_has_this_version() -> None:
    text = (docs.ROOT / "CHANGELOG.md").read_text("utf-8")
    project = tomllib.loads((docs.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
    assert re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)[:2] == ["Unreleased", __version__]
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


# The brackets keep this file from matching itself.
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
