"""What guards one read: it only reads, ends in time, and is planned for its own values."""

from __future__ import annotations

from typing import Final

from ksys_app.driver.restoring import IS_RESTORING

# They stand in the transaction of the statement, not in the session: a pooler may give each
# transaction another session, and what one client sets there another would inherit.
GUARDS: Final = f"""
SELECT {IS_RESTORING} AS restoring,
       set_config('transaction_read_only', 'on', true),
       set_config('statement_timeout', %(timeout)s, true),
       set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('jit', 'off', true)
"""


def guarding(seconds: float) -> dict[str, str]:
    """The parameters of :data:`GUARDS` for a statement that may take ``seconds``.

    At least a millisecond: none at all would switch the timeout off.
    """
    return {"timeout": str(max(1, round(seconds * 1000)))}
