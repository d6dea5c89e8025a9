"""The calculated tags, and the rules of all tags, calculated ones included (PRD §33.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ksys_app.domain.expressions.calculated import CalculatedTag, calculated_tags, own_rule
from ksys_app.models.rows import QcRule
from ksys_app.queries import expressions as queries


@dataclass(slots=True)
class Catalogue:
    """The calculated tags by name, and the last result of :meth:`rules`."""

    tags: Mapping[str, CalculatedTag]
    _stored: Mapping[str, QcRule] = field(default_factory=dict)
    _all: Mapping[str, QcRule] = field(default_factory=dict)

    def rules(self, stored: Mapping[str, QcRule]) -> Mapping[str, QcRule]:
        """Tag to rule: the stored rules, and one rule for each calculated tag.

        The result is the same object as before while ``stored`` is the same object.
        """
        if not self.tags:
            return stored
        if stored is not self._stored:
            calculated_rules = {name: own_rule(tag, stored) for name, tag in self.tags.items()}
            self._stored, self._all = stored, {**stored, **calculated_rules}
        return self._all


async def catalogue(*, fresh: bool = True) -> Catalogue:
    """The calculated tags.

    Args:
        fresh: look for changed expressions now; otherwise they may be up to 30 s old.
    """
    answer = await queries.calculated_expressions(fresh=fresh)
    return answer.once(
        "catalogue", lambda: Catalogue(calculated_tags(answer.rows)), answer.rowcount
    )


async def find_calculated(name: str) -> CalculatedTag | None:
    """The calculated tag with this name, read now; None if there is none."""
    return (await catalogue()).tags.get(name)
