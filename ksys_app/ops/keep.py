"""The objects of the plant that ``ksys db init`` leaves unchanged; ``ksys_kept`` stores them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.errors import BadParameter

INDICATORS: Final = "tech_ind_1m_mv"
VIEWS: Final = ("influx_agg_10m", "influx_agg_1h", "influx_agg_1d", INDICATORS)
"""Views of the plant that may stay unchanged; the product works with the plant's form of them."""
POLICIES: Final = "policies"
"""The name for all policies of the plant."""

_INITIALISED: Final = "SELECT to_regclass('public.ksys_kept') IS NOT NULL"
_UNCHANGED_NAMES: Final = "SELECT name FROM public.ksys_kept ORDER BY name LIMIT 100"


@dataclass(frozen=True, slots=True)
class Keep:
    """The options of a run about objects of the plant.

    Attributes:
        views: views to leave unchanged from now on.
        rebuild: views to rebuild from now on.
        policies: whether the plant's policies stay; None to keep the earlier choice.
    """

    views: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    policies: bool | None = None

    def require(self) -> None:
        """Check the names.

        Raises:
            BadParameter: a name is unknown, or both options name it.
        """
        for name in (*self.views, *self.rebuild):
            if name not in VIEWS:
                raise BadParameter(f"--keep and --rebuild take {', '.join(VIEWS)}, not {name!r}")
            if name in self.views and name in self.rebuild:
                raise BadParameter(f"{name} is named by --keep and by --rebuild; choose one")

    async def of(self, conn: AsyncConnection) -> frozenset[str]:
        """The names that stay unchanged on this database after the run."""
        return (await stored_choice(conn) | set(self._added)) - set(self._removed)

    def records(self) -> str:
        """SQL that stores the choice, for the transaction that creates the table."""
        added = sql.SQL(
            "\nINSERT INTO public.ksys_kept (name) SELECT unnest({}::text[])"
            " ON CONFLICT (name) DO NOTHING;\nDELETE FROM public.ksys_kept WHERE name = ANY ({});\n"
        )
        return added.format(list(self._added), list(self._removed)).as_string(None)

    @property
    def _added(self) -> tuple[str, ...]:
        return (*self.views, *([POLICIES] if self.policies is True else []))

    @property
    def _removed(self) -> tuple[str, ...]:
        return (*self.rebuild, *([POLICIES] if self.policies is False else []))


async def stored_choice(conn: AsyncConnection) -> frozenset[str]:
    """The names that stay unchanged on a database; empty on a database without the schema."""
    if await (await conn.execute(_INITIALISED)).fetchone() != (True,):
        return frozenset()
    return frozenset(name for (name,) in await (await conn.execute(_UNCHANGED_NAMES)).fetchall())
