"""Replaces the names of saved expressions by their trees (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from ksys_app.domain.expressions.parse import MAX_TAGS, names
from ksys_app.domain.expressions.tokens import BadExpression, quoted
from ksys_app.models.expressions import Apply, Name, Node

MAX_LEVELS: Final = 5
"""The largest depth of saved expressions in each other."""
MAX_EXPANDED_PARTS: Final = 1_000
"""Most parts of an expression after the expansion."""


class _Expanded(NamedTuple):
    """A tree without names of saved expressions, the number of its parts, and its nesting depth."""

    node: Node
    parts: int
    levels: int


def expand(node: Node, saved: Mapping[str, Node], own: str = "") -> Node:
    """The tree with the names of saved expressions replaced by their trees.

    Args:
        node: the tree.
        saved: the trees of saved expressions by name. Any other name is the name of a tag.
        own: the name under which the tree is to be saved, empty for none.

    Raises:
        BadExpression: the expressions form a cycle, are nested too deeply, or are too large
            together. The position is that of the name in ``node``.
    """
    expanded = _Expansion(saved).of(node, (own,) if own else ())
    if own and expanded.levels >= MAX_LEVELS:
        raise BadExpression("expressions.levels", next(iter(names(node).values())), most=MAX_LEVELS)
    found = names(expanded.node)
    if len(found) > MAX_TAGS:
        raise BadExpression("expressions.tags", list(found.values())[MAX_TAGS], most=MAX_TAGS)
    return expanded.node


class _Expansion:
    """Expands each saved expression once."""

    def __init__(self, saved: Mapping[str, Node]) -> None:
        self._saved = saved
        self._expanded: dict[str, _Expanded] = {}

    def of(self, node: Node, path: tuple[str, ...]) -> _Expanded:
        """Expand a tree of the expression at the end of ``path``."""
        if isinstance(node, Name):
            return self._named(node, path)
        if not isinstance(node, Apply):
            return _Expanded(node, 1, 0)
        args = [self.of(arg, path) for arg in node.args]
        parts = 1 + sum(arg.parts for arg in args)
        if parts > MAX_EXPANDED_PARTS:
            raise BadExpression("expressions.large", node.span, most=f"{MAX_EXPANDED_PARTS:,}")
        levels = max(arg.levels for arg in args)
        return _Expanded(replace(node, args=tuple(arg.node for arg in args)), parts, levels)

    def _named(self, node: Name, path: tuple[str, ...]) -> _Expanded:
        inner = self._saved.get(node.name)
        if inner is None:
            return _Expanded(node, 1, 0)
        if node.name in path:
            circle = map(quoted, (*path[path.index(node.name) :], node.name))
            raise BadExpression("expressions.circle", node.span, names=" → ".join(circle))
        try:
            if node.name not in self._expanded:
                expanded = self.of(inner, (*path, node.name))
                self._expanded[node.name] = expanded._replace(levels=expanded.levels + 1)
        except BadExpression as error:
            # The flaw is inside another text. Report the position of the name that leads to it.
            error.flaw = error.flaw._replace(span=node.span)
            raise
        expanded = self._expanded[node.name]
        if expanded.levels > MAX_LEVELS:
            raise BadExpression("expressions.levels", node.span, most=MAX_LEVELS)
        # A position inside another text means nothing in this one.
        return expanded._replace(node=_placed(expanded.node, node))


def _placed(node: Node, at: Name) -> Node:
    if isinstance(node, Apply):
        args = tuple(_placed(arg, at) for arg in node.args)
        return replace(node, args=args, span=at.span)
    return replace(node, span=at.span)


def users_of(name: str, saved: Mapping[str, Node]) -> list[str]:
    """The names of the saved expressions that use the one called ``name``, sorted."""
    return sorted(user for user, node in saved.items() if name in names(node))
