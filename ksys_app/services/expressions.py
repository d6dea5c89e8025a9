"""Parses expressions over tags and computes them over a window or a range (PRD §33.4)."""

from __future__ import annotations

from dataclasses import replace

from ksys_app.domain.expressions.parse import names, parse
from ksys_app.domain.expressions.saved import expand
from ksys_app.domain.expressions.tokens import BadExpression
from ksys_app.domain.ranges import Period
from ksys_app.errors import KsysError
from ksys_app.models.expressions import Name, Node, SavedExpression
from ksys_app.queries import expressions as queries
from ksys_app.services import runtime
from ksys_app.services.evaluated import Calculated as Calculated, error_of, prepare


def read_expression(text: str) -> Node:
    """The tree of an expression.

    Raises:
        BadParameter: the text is no expression; the error has the place.
    """
    try:
        return parse(text)
    except BadExpression as error:
        raise error_of(error.flaw) from None


async def expand_saved(tree: Node, own: str = "") -> tuple[Node, dict[str, SavedExpression]]:
    """The tree with each name of a saved expression replaced by its tree; and these by name.

    Args:
        tree: the tree.
        own: the name under which the tree is to be saved.

    Raises:
        BadParameter: the expressions cannot be combined; the error has the place.
    """
    trees: dict[str, Node] = {own: tree} if own else {}
    saved: dict[str, SavedExpression] = {}
    waiting = set(names(tree)) - trees.keys()
    # Each round reads the names that the previous round found. A circle adds no new names.
    while waiting:
        rows = (await queries.find_expressions(waiting)).rows
        found = {expression.name: expression for expression in rows}
        saved |= found
        trees |= {name: _read_saved(expression) for name, expression in found.items()}
        used = {name for expression in found for name in names(trees[expression])}
        waiting = used - trees.keys()
    try:
        return expand(tree, trees, own), saved
    except BadExpression as error:
        raise error_of(error.flaw) from None


def _read_saved(expression: SavedExpression) -> Node:
    try:
        return read_expression(expression.text)
    except KsysError as error:
        # Only a user of psql can store such a text. The place is not in the text of the request.
        error.span = None
        raise


async def calculate(text: str, period: Period) -> Calculated:
    """An expression over a window or a range of buckets.

    Raises:
        BadParameter: the text is no expression, or needs too many buckets.
        UnknownTag: a name is neither the name of a tag nor of a saved expression.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    tree = read_expression(text)
    node, saved = await expand_saved(tree)
    calculated = await prepare(text, node, period, runtime.current().zone)
    # If the text is only the name of a saved expression, use its unit and decimals.
    named = saved.get(tree.name) if isinstance(tree, Name) else None
    if named is None:
        return calculated
    return replace(calculated, unit=named.unit or calculated.unit, decimals=named.decimals)
