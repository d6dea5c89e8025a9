"""Every address in the pages is under the base path (PRD §23)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests import docs
from tests.unit.test_chart_scripts import run

PACKAGE = docs.ROOT / "ksys_app"
# What the browser asks for by itself: the framework's links and its navigation know the base path.
ASKED = re.compile(
    r"\b(?:fetch|EventSource|WebSocket|window\.open)\(([^,)]*)|\b(?:href|src)=\{?([^} ]+)"
)
FINE = re.compile(r"at\(|`\$\{at\(|file_link\(|url\b|`#|\"\"|f\"\{root")


def addresses() -> Iterator[tuple[str, str]]:
    """The file and the address of each request in the scripts and components of the pages."""
    for folder in ("components", "pages"):
        for path in sorted((PACKAGE / folder).rglob("*.*")):
            if path.suffix in {".js", ".jsx", ".py"}:
                for match in ASKED.finditer(path.read_text("utf-8")):
                    yield path.name, match[1] or match[2]


def test_nothing_is_requested_past_the_base_path() -> None:
    found = list(addresses())
    assert len(found) >= 8
    assert [one for one in found if not FINE.match(one[1])] == []
    assert '"/api' not in "".join(how for _, how in found if "at(" not in how)


def test_a_url_in_a_variable_was_put_under_it() -> None:
    for path in (PACKAGE / "components" / "client").glob("*.js*"):
        script = path.read_text("utf-8")
        for name in re.findall(r"fetch\((\w+),", script):
            assert f"const {name} = at(" in script, path.name


def test_a_path_of_the_app_and_no_path() -> None:
    assert run("lib/paths.js", "[m.at(given[0]), m.at(given[1])]", "/api/v1/tags", "") == [
        *("/api/v1/tags", "")
    ]
