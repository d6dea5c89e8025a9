"""Expressions that an engineer saves under a name (PRD §33.4)."""

from __future__ import annotations

from ksys_app import db
from ksys_app.domain.expressions.parse import names
from ksys_app.domain.expressions.saved import users_of
from ksys_app.domain.names import flaw, quoted_name
from ksys_app.errors import BadParameter, Conflict, Forbidden, UnknownTag
from ksys_app.models.expressions import SavedExpression, SavedOutcome
from ksys_app.models.message import Message
from ksys_app.queries import expressions as queries
from ksys_app.queries.tags import find_tag
from ksys_app.services.expressions import expanded, read, require
from ksys_app.services.limits import Author
from ksys_app.store import expressions as store


async def list_saved() -> list[SavedExpression]:
    """Every saved expression, by name."""
    return list((await queries.saved()).fresh_rows())


async def one_saved(name: str) -> SavedExpression:
    """The saved expression with this name.

    Raises:
        UnknownTag: there is none.
    """
    found = next((one for one in await list_saved() if one.name == name), None)
    if found is None:
        raise UnknownTag(Message("errors.unknown_expression", {"name": quoted_name(name)}))
    return found


async def save(
    name: str, text: str, unit: str, decimals: int | None, version: int, author: Author
) -> SavedExpression:
    """Save an expression under a name, a new one with version 0.

    Raises:
        BadParameter: the name or the expression cannot be used; the error may have a place in the
            text.
        UnknownTag: the expression uses a tag that does not exist.
        Conflict: another version is in force.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
    """
    wrong = flaw(name)
    if wrong is not None:
        raise BadParameter(wrong)
    if await find_tag(name) is not None:
        raise BadParameter(Message("errors.expression_is_tag", {"name": quoted_name(name)}))
    node, _ = await expanded(read(text), own=name)
    await require(names(node))
    operator, who = _operator(author)
    made = await store.save(operator, name, text, unit, decimals, version, who)
    _check(made, name)
    return await one_saved(name)


async def delete(name: str, version: int, author: Author) -> None:
    """Delete a saved expression that no other one uses.

    Raises:
        UnknownTag: there is none with this name.
        BadParameter: another saved expression uses it.
        Conflict: another version is in force.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
    """
    await one_saved(name)
    users = users_of(name, {one.name: read(one.text) for one in await list_saved()})
    if users:
        values = {"name": quoted_name(name), "users": ", ".join(map(quoted_name, users[:5]))}
        raise BadParameter(Message("errors.expression_used", values))
    operator, who = _operator(author)
    _check(await store.delete(operator, name, version, who), name)


def _operator(author: Author) -> tuple[db.Database, dict[str, str]]:
    operator = db.operator()
    if operator is None:
        raise Forbidden(Message("errors.read_only"))
    visitor = author.visitor
    who = {"actor": visitor.name, "via": visitor.via, "address": author.address}
    return operator, who | {"reason": author.reason}


def _check(made: SavedOutcome, name: str) -> None:
    if not made.saved:
        values = {"name": quoted_name(name), "version": made.version}
        raise Conflict(Message("errors.expression_conflict", values))
