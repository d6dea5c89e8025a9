"""What of the plant's own ``ksys db init`` leaves as it is: said once, kept in ``ksys_kept``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg import AsyncConnection, sql

from ksys_app.errors import BadParameter

INDICATORS: Final = "tech_ind_1m_mv"
VIEWS: Final = ("influx_agg_10m", "influx_agg_1h", "influx_agg_1d", INDICATORS)
"""What of the plant's own may stay: everything works with these as the spec makes them."""
POLICIES: Final = "policies"
"""Under this name the policies of the plant are kept, all of them."""

_THERE: Final = "SELECT to_regclass('public.ksys_kept') IS NOT NULL"
_KEPT: Final = "SELECT name FROM public.ksys_kept ORDER BY name LIMIT 100"


@dataclass(frozen=True, slots=True)
class Keep:
    """What a run was asked to keep, and to keep no longer.

    Attributes:
        views: left as they are from now on.
        rebuild: left as they are no longer.
        policies: whether the plant's policies stay; None: as before.
    """

    views: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    policies: bool | None = None

    def require(self) -> None:
        """Raise unless every name is one that can be kept.

        Raises:
            BadParameter: one is not, or is to be kept and rebuilt at once.
        """
        for name in (*self.views, *self.rebuild):
            if name not in VIEWS:
                raise BadParameter(f"{name!r} cannot be kept; what can is {', '.join(VIEWS)}")
            if name in self.views and name in self.rebuild:
                raise BadParameter(f"{name} is named by --keep and by --rebuild; choose one")

    async def of(self, conn: AsyncConnection) -> frozenset[str]:
        """What is kept on this database after such a run."""
        return (await kept(conn) | set(self._added)) - set(self._removed)

    def records(self) -> str:
        """SQL that notes it, for the transaction that makes the table."""
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


async def kept(conn: AsyncConnection) -> frozenset[str]:
    """What is kept on a database by now; nothing on one without the schema."""
    if await (await conn.execute(_THERE)).fetchone() != (True,):
        return frozenset()
    return frozenset(name for (name,) in await (await conn.execute(_KEPT)).fetchall())
