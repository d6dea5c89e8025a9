"""Checks how far a read replica is behind its primary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ksys_app.models.health import Replica
from ksys_app.security import Finding

# If a replica is further behind, its pages show tags as late that are not.
MAX_LAG_S: Final = 30.0


def replica(variable: str, found: Replica | None) -> Iterator[Finding]:
    """The finding about the lag of a standby; no finding for a primary."""
    if found is None:
        return
    lag = "of unknown age" if found.lag_s is None else f"{found.lag_s:.1f} s behind its primary"
    fine = found.connected and found.lag_s is not None and found.lag_s <= MAX_LAG_S
    cut = "" if found.connected else "; it receives no changes: check the connection to the primary"
    slow = "; pages show values that much later" if found.connected and not fine else ""
    yield Finding(f"{variable} replica", fine, f"{lag}{cut}{slow}", strict=False)
