"""Checks the tables and functions of schema ``ksys``, and that other roles cannot use them."""

from __future__ import annotations

from collections.abc import Iterator

from ksys_app.ops.check import Check, Rows


def access(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check that each table and function is as in a new database, without further privileges.

    Args:
        rows: rows of ``db/verify/access.sql``.
        wanted: the golden file's.
    """
    found = {row["name"]: row["facts"] for row in rows}
    expected = {row["name"]: row["facts"] for row in wanted}
    for name, facts in expected.items():
        if name not in found:
            yield Check(f"access {name}", False, "is missing; run ksys db init")
            continue
        wrong = [f"lacks: {fact}" for fact in facts if fact not in found[name]]
        wrong += [f"has: {fact}" for fact in found[name] if fact not in facts]
        detail = "; ".join(wrong) or f"{len(facts)} properties as expected"
        yield Check(f"access {name}", not wrong, detail)
    for name in found.keys() - expected.keys():
        yield Check(f"access {name}", False, "is not ours")
