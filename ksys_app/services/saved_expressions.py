"""Saves, lists and deletes expressions under a name: calculated tags (PRD §33.4)."""

from __future__ import annotations

from ksys_app import db
from ksys_app.domain.expressions.parse import names
from ksys_app.domain.expressions.saved import users_of
from ksys_app.domain.names import flaw, quoted_name, step_flaw
from ksys_app.errors import BadParameter, Conflict, Forbidden, UnknownTag
from ksys_app.models.expressions import SavedExpression, SavedOutcome
from ksys_app.models.message import Message
from ksys_app.queries import expressions as queries
from ksys_app.queries.tags import find_tag
from ksys_app.services.evaluated import require_names
from ksys_app.services.expressions import expand_saved, read_expression
from ksys_app.services.limits import Author
from ksys_app.store import expressions as store


async def list_saved() -> list[SavedExpression]:
    """Every saved expression, by name."""
    return list((await queries.saved_expressions()).fresh_rows())


async def find_saved(name: str) -> SavedExpression:
    """The saved expression with this name.

    Raises:
        UnknownTag: there is no saved expression with this name.
    """
    expression = next((saved for saved in await list_saved() if saved.name == name), None)
    if expression is None:
        raise UnknownTag(Message("errors.unknown_expression", {"name": quoted_name(name)}))
    return expression


async def save(
    name: str, text: str, unit: str, decimals: int | None, version: int, author: Author
) -> SavedExpression:
    """Save an expression under a name; the version of a new one is 0.

    Raises:
        BadParameter: the name or the expression cannot be used; the error may have a place in the
            text.
        UnknownTag: the expression uses a tag that does not exist.
        Conflict: another version is in force.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
    """
    problem = flaw(name) or step_flaw(name)
    if problem is not None:
        raise BadParameter(problem)
    existing = await find_tag(name)
    if existing is not None and existing.expression is None:
        raise BadParameter(Message("errors.expression_is_tag", {"name": quoted_name(name)}))
    node, _ = await expand_saved(read_expression(text), own=name)
    await require_names(names(node))
    operator, actor_fields = _operator(author)
    outcome = await store.save(operator, name, text, unit, decimals, version, actor_fields)
    _check(outcome, name)
    return await find_saved(name)


async def delete(name: str, version: int, author: Author) -> None:
    """Delete a saved expression, if no other one uses it.

    Raises:
        UnknownTag: there is no saved expression with this name.
        BadParameter: another saved expression uses it.
        Conflict: another version is in force.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
    """
    await find_saved(name)
    trees = {saved.name: read_expression(saved.text) for saved in await list_saved()}
    users = users_of(name, trees)
    if users:
        values = {"name": quoted_name(name), "users": ", ".join(map(quoted_name, users[:5]))}
        raise BadParameter(Message("errors.expression_used", values))
    operator, actor_fields = _operator(author)
    _check(await store.delete(operator, name, version, actor_fields), name)


def _operator(author: Author) -> tuple[db.Database, dict[str, str]]:
    operator = db.operator()
    if operator is None:
        raise Forbidden(Message("errors.read_only"))
    visitor = author.visitor
    actor_fields = {"actor": visitor.name, "via": visitor.via, "address": author.address}
    return operator, actor_fields | {"reason": author.reason}


def _check(outcome: SavedOutcome, name: str) -> None:
    if not outcome.saved:
        values = {"name": quoted_name(name), "version": outcome.version}
        raise Conflict(Message("errors.expression_conflict", values))
