"""Puts saved expressions into the places of their names (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from ksys_app.domain.expressions.parse import MAX_TAGS, names
from ksys_app.domain.expressions.tokens import BadExpression, quoted
from ksys_app.models.expressions import Apply, Name, Node

MAX_LEVELS: Final = 5
"""How many saved expressions may use each other, one through the other."""
MAX_WHOLE: Final = 1_000
"""Most parts of an expression with all that it uses."""


class _Whole(NamedTuple):
    """A tree without names of saved expressions, its parts, and how many levels it has."""

    node: Node
    parts: int
    levels: int


def expand(node: Node, saved: Mapping[str, Node], own: str = "") -> Node:
    """The tree with the trees of saved expressions in the places of their names.

    Args:
        node: the tree.
        saved: the trees of saved expressions by name. A name that is missing is that of a tag.
        own: the name under which the tree is to be saved, empty for none.

    Raises:
        BadExpression: they use each other in a circle, through too many levels, or are too large
            together. The place is that of the name in ``node``.
    """
    whole = _Expansion(saved).of(node, (own,) if own else ())
    if own and whole.levels >= MAX_LEVELS:
        raise BadExpression("expressions.levels", next(iter(names(node).values())), most=MAX_LEVELS)
    found = names(whole.node)
    if len(found) > MAX_TAGS:
        raise BadExpression("expressions.tags", list(found.values())[MAX_TAGS], most=MAX_TAGS)
    return whole.node


class _Expansion:
    """Expands each saved expression once."""

    def __init__(self, saved: Mapping[str, Node]) -> None:
        self._saved = saved
        self._made: dict[str, _Whole] = {}

    def of(self, node: Node, path: tuple[str, ...]) -> _Whole:
        """A tree of the expression at the end of ``path``, expanded."""
        if isinstance(node, Name):
            return self._named(node, path)
        if not isinstance(node, Apply):
            return _Whole(node, 1, 0)
        args = [self.of(one, path) for one in node.args]
        parts = 1 + sum(one.parts for one in args)
        if parts > MAX_WHOLE:
            raise BadExpression("expressions.large", node.span, most=f"{MAX_WHOLE:,}")
        levels = max(one.levels for one in args)
        return _Whole(replace(node, args=tuple(one.node for one in args)), parts, levels)

    def _named(self, node: Name, path: tuple[str, ...]) -> _Whole:
        inner = self._saved.get(node.name)
        if inner is None:
            return _Whole(node, 1, 0)
        if node.name in path:
            circle = map(quoted, (*path[path.index(node.name) :], node.name))
            raise BadExpression("expressions.circle", node.span, names=" → ".join(circle))
        try:
            if node.name not in self._made:
                whole = self.of(inner, (*path, node.name))
                self._made[node.name] = whole._replace(levels=whole.levels + 1)
        except BadExpression as error:
            # What is wrong inside has no place in this text; the name that leads there has.
            error.flaw = error.flaw._replace(span=node.span)
            raise
        whole = self._made[node.name]
        if whole.levels > MAX_LEVELS:
            raise BadExpression("expressions.levels", node.span, most=MAX_LEVELS)
        # A place inside of another text means nothing here.
        return whole._replace(node=_placed(whole.node, node))


def _placed(node: Node, at: Name) -> Node:
    if isinstance(node, Apply):
        args = tuple(_placed(one, at) for one in node.args)
        return replace(node, args=args, span=at.span)
    return replace(node, span=at.span)


def users_of(name: str, saved: Mapping[str, Node]) -> list[str]:
    """The saved expressions that use the one with this name, by name."""
    return sorted(one for one, node in saved.items() if name in names(node))
