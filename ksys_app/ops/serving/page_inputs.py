"""Finds the source files of the pages by following the imports of the code that draws them.

A page depends on every byte of its components and texts. Of the states it depends only on the
declarations: fields, defaults, signatures and computed vars, but not on the bodies of handlers.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Set
from functools import cache
from pathlib import Path
from typing import Final

PACKAGE: Final = "ksys_app"
# Files outside of the package that the build reads.
FILES: Final = ("assets/*.*", "assets/look/*.css", "rxconfig.py", "scripts/build_frontend.py")
WORDS: Final = f"{PACKAGE}/texts/*.json"
CLIENT: Final = f"{PACKAGE}/components/**/*.*"
DRAWING: Final = ("components", "pages")
# Packages that may decide the first value of a state. Other imports matter only at run time.
DECIDING: Final = ("states", "models", "domain", "texts")


def complete_files(root: Path) -> list[Path]:
    """Files of which every byte may affect a page: drawing code, its imports and its assets."""
    found = {path for pattern in (*FILES, CLIENT, WORDS) for path in root.glob(pattern)}
    starts = [*_modules(root, DRAWING), root / "rxconfig.py", root / "scripts/build_frontend.py"]
    found |= reachable(root, starts, lambda module: module.split(".")[0] != "states")
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")


def shapes(root: Path) -> list[Path]:
    """Modules of which only the :func:`shape` may affect a page."""
    starts = [*_modules(root, ("states",)), root / PACKAGE / f"{PACKAGE}.py"]
    found = reachable(root, starts, lambda module: module.split(".")[0] in DECIDING)
    return sorted(found - set(complete_files(root)))


def reachable(root: Path, starts: list[Path], enter: Callable[[str], bool]) -> set[Path]:
    """The modules of the package that ``starts`` import, directly or not, and ``starts``.

    Args:
        root: the project's folder.
        starts: files to begin with; missing files are ignored.
        enter: whether to follow an import of this module, named without the package.
    """
    modules = frozenset((root / PACKAGE).rglob("*.py"))
    found: set[Path] = set()
    waiting = [path for path in starts if path.is_file()]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += [
            file
            for name in _imported(path.read_text(encoding="utf-8"))
            for module, file in _files_of(root, name, modules)
            if enter(module)
        ]
    return found


@cache
def shape(source: str) -> bytes:
    """A module without comments, docstrings and the bodies of handlers.

    Computed vars keep their bodies: their first value is built into the pages.
    """
    return ast.unparse(_Shape().visit(ast.parse(source))).encode()


def _modules(root: Path, packages: tuple[str, ...]) -> list[Path]:
    return [path for name in packages for path in (root / PACKAGE / name).rglob("*.py")]


@cache
def _imported(source: str) -> tuple[str, ...]:
    """The imports of a module; a module that several searches find is parsed only once."""
    names: list[str] = []
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """All statements in a block, at any depth, without the expressions in them."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(block, part, ()):
            yield statement
            yield from _statements(statement)


def _files_of(root: Path, name: str, modules: Set[Path]) -> Iterator[tuple[str, Path]]:
    """Name and file of each module that an import of ``package.module.name`` runs."""
    first, *parts = name.split(".")
    if first != PACKAGE:
        return
    for depth in range(len(parts) + 1):
        module, place = ".".join(parts[:depth]), root.joinpath(PACKAGE, *parts[:depth])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file in modules:
                yield module, file


class _Shape(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._bare(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._bare(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else node

    def _bare(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if not any("var" in ast.unparse(decorator) for decorator in node.decorator_list):
            node.body = [ast.Expr(ast.Constant(...))]
        return node
