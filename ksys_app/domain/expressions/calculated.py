"""Calculated tags: saved expressions whose names are used like names of tags (PRD §33.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ksys_app.domain.expressions.parse import names, parse
from ksys_app.domain.expressions.saved import expand
from ksys_app.domain.expressions.tokens import BadExpression
from ksys_app.domain.expressions.units import unit_of
from ksys_app.models.expressions import Apply, Node, SavedExpression
from ksys_app.models.rows import MAX_TITLE, QcRule

_MARK: Final = "ƒ"
_OVER_TIME: Final = frozenset({"delta", "rate", "integral"})


@dataclass(frozen=True, slots=True)
class CalculatedTag:
    """A saved expression, ready to be evaluated.

    Attributes:
        saved: its row.
        node: its tree, without names of saved expressions.
        tags: its tags, in the order of the text.
        pointwise: whether its value depends only on the values of its tags at the same moment.
    """

    saved: SavedExpression
    node: Node
    tags: tuple[str, ...]
    pointwise: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.saved.name


def calculated_tags(saved: Iterable[SavedExpression]) -> dict[str, CalculatedTag]:
    """The calculated tags by name, without expressions that cannot be parsed.

    Args:
        saved: the saved expressions, without those whose name is also that of a tag with samples.
    """
    rows, trees = list(saved), dict[str, Node]()
    found: dict[str, CalculatedTag] = {}
    for row in rows:
        try:
            trees[row.name] = parse(row.text)
        except BadExpression:
            continue
    for row in rows:
        if row.name not in trees:
            continue
        try:
            node = expand(trees[row.name], trees)
        except BadExpression:
            continue
        found[row.name] = CalculatedTag(row, node, tuple(names(node)), is_pointwise(node))
    return found


def is_pointwise(node: Node) -> bool:
    """Whether no function of the tree reads a value of another time."""
    if not isinstance(node, Apply):
        return True
    if node.ago is not None or node.what in _OVER_TIME:
        return False
    return all(map(is_pointwise, node.args))


def own_rule(tag: CalculatedTag, rules: Mapping[str, QcRule]) -> QcRule:
    """The rule of a calculated tag: its stored rule, with unit, title and decimals.

    The title is the title of the stored rule, then ƒ and the expression.

    Args:
        tag: the calculated tag.
        rules: the stored rules by tag.
    """
    stored = rules.get(tag.name) or QcRule(tag.name)
    units = {name: rules[name].unit for name in tag.tags if name in rules}
    unit = stored.unit or tag.saved.unit or unit_of(tag.node, units)[0]
    meta = {**stored.meta, "unit": unit}
    meta["title"] = _short(f"{stored.title} · {_MARK}" if stored.title else _MARK, tag.saved.text)
    return replace(stored, meta=meta, decimals=tag.saved.decimals, expression=tag.saved.text)


def _short(mark: str, text: str) -> str:
    title = f"{mark} {' '.join(text.split())}"
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"
