"""Settings that guard one statement: read only, bounded in time, planned for its parameters."""

from __future__ import annotations

from typing import Final

from ksys_app.driver.restoring import IS_RESTORING

# The settings belong to the statement's transaction, not to the session. A pooler may give each
# transaction another session, and another client would then inherit settings of a session.
GUARDS: Final = f"""
SELECT {IS_RESTORING} AS restoring, pg_is_in_recovery() AS standby,
       set_config('transaction_read_only', %(read_only)s, true),
       set_config('statement_timeout', %(timeout)s, true),
       set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('jit', 'off', true)
"""


def guarding(seconds: float, *, read_only: bool = True) -> dict[str, str]:
    """The parameters of :data:`GUARDS` for a statement that may take ``seconds``.

    The timeout is at least a millisecond, because 0 would switch it off.
    """
    return {
        "timeout": str(max(1, round(seconds * 1000))),
        "read_only": "on" if read_only else "off",
    }
