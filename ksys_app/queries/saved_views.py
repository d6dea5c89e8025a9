"""Reads saved views and start views (PRD §33.10)."""

from __future__ import annotations

from typing import Final

from ksys_app import db
from ksys_app.models.saved_views import SavedView

MAX_OWN: Final = 200
"""Most views of an owner."""
MAX_SHARED: Final = 1_000
"""Most shared views."""

# Own views come first. Shared views with one name are ordered by owner.
_COLUMNS: Final = """
SELECT v.owner, v.name, v.shared, v.path, v.query, v.version, v.created_at, v.updated_at,
       s.person IS NOT NULL AS start
FROM public.saved_view AS v
LEFT JOIN public.start_view AS s ON s.person = %(person)s AND s.owner = v.owner AND s.name = v.name
WHERE (v.shared OR v.owner = %(person)s)"""
_ORDER: Final = """
ORDER BY v.owner <> %(person)s, v.name, v.owner
LIMIT %(cap)s
"""
VISIBLE: Final = f"{_COLUMNS}{_ORDER}"
NAMED: Final = (
    f"{_COLUMNS} AND v.name = %(name)s AND (%(owner)s::text IS NULL OR v.owner = %(owner)s){_ORDER}"
)
START: Final = f"{_COLUMNS} AND s.person IS NOT NULL{_ORDER}"


async def visible_views(person: str) -> list[SavedView]:
    """The views of a person and the shared views, the own ones first; not from a cache."""
    params: dict[str, object] = {"person": person, "cap": MAX_OWN + MAX_SHARED}
    answer = await db.current().fetch_cached("latest", SavedView, VISIBLE, params, name="views")
    return list(answer.fresh_rows())


async def find_view(person: str, name: str, owner: str | None) -> SavedView | None:
    """The view with this name that a person may open, None if there is none; not from a cache.

    Args:
        person: who opens it.
        name: the name.
        owner: its owner; None: the person's own view, else a shared one.
    """
    params: dict[str, object] = {"person": person, "name": name, "owner": owner, "cap": 1}
    answer = await db.current().fetch_cached("latest", SavedView, NAMED, params, name="view")
    return next(iter(answer.fresh_rows()), None)


async def start_view(person: str) -> SavedView | None:
    """The start view of a person's dashboard, None if there is none; not from a cache."""
    params: dict[str, object] = {"person": person, "cap": 1}
    answer = await db.current().fetch_cached("latest", SavedView, START, params, name="start_view")
    return next(iter(answer.fresh_rows()), None)
