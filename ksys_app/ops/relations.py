"""The tables and views of the schema, and their owners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view of the schema, and the role's privileges on it."""

    name: str
    kind: str
    exists: bool
    reads: bool
    writes: bool
    owns: bool
    owner: str | None = None


def not_owned(role: str, existing: list[Relation]) -> str:
    """Names the relations of other owners if the role owns most; otherwise names the owner."""
    others = [relation for relation in existing if not relation.owns]
    names = few_names([relation.name for relation in others])
    lacks = f"{role} does not own {names}, {others[0].owner} does"
    if 2 * len(others) > len(existing):
        return f"{lacks}; TS_ADMIN_DSN must name the owner"
    hand_over = "; ".join(
        f"ALTER {_noun(relation)} public.{relation.name} OWNER TO {role}" for relation in others
    )
    return f"{lacks}; as a superuser: {hand_over}"


def _noun(relation: Relation) -> str:
    # An aggregate has a hypertable too, whose owner ALTER TABLE would not change.
    return "MATERIALIZED VIEW" if relation.kind == "aggregate" else relation.kind.upper()


def few_names(names: list[str]) -> str:
    """Names in one sentence: the first five, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
