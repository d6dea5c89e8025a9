"""Checks of tables, views, keys, indexes and functions: pure functions of rows of ``db/verify/``.

``wanted`` are the rows of the golden file for the same statement (:mod:`.golden`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ksys_app.ops import definitions, golden
from ksys_app.ops.check import Check, Row, Rows, days
from ksys_app.ops.golden import Golden
from ksys_app.ops.keep import INDICATORS
from ksys_app.ops.tolerances import CHUNK_INTERVAL, LONGER_CHUNKS, REDUNDANT_INDEXES

_OCCASION: Final = re.compile(r"(?:BEFORE|AFTER) .+?(?= ON )")


def relations(
    rows: Rows, views: Rows, wanted: Golden, unchanged: Collection[str] = ()
) -> Iterator[Check]:
    """Check the kind of each table and view, its columns and their types.

    Args:
        rows: the columns.
        views: the definitions.
        wanted: the golden file.
        unchanged: objects of the plant that were left unchanged.
    """
    kinds = golden.kinds(rows, views)
    found, columns_of = _columns(rows), _columns(wanted.columns)
    for name, kind in wanted.kinds.items():
        columns = columns_of[name]
        if name not in found:
            yield Check(f"{kind} {name}", False, "is missing; run ksys db init")
            continue
        is_kind = kinds[name] == kind
        detail = "there" if is_kind else f"is a {kinds[name]}"
        if name == INDICATORS and not is_kind:
            # The plant's own view over all history works, if no job has to refresh it each minute.
            is_kind = name in unchanged
            detail += ", as in the spec" if is_kind else f"; run ksys db init --rebuild {name}"
        yield Check(f"{kind} {name}", is_kind, detail)
        wrong = "; ".join(_differences(found[name], columns))
        if wrong and is_kind and kind == "view":
            wrong += f"; DROP VIEW public.{name}; then ksys db init"
        yield Check(f"columns {name}", not wrong, wrong or f"{len(columns)} columns")


def _columns(rows: Rows) -> dict[str, dict[str, str]]:
    """Relation to its columns in order, column to type."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        required = " not null" if row["not_null"] else ""
        found.setdefault(row["relation"], {})[row["column"]] = f"{row['type']}{required}"
    return found


def _differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    for column, kind in wanted.items():
        if column not in found:
            yield f"{column} is missing"
        elif found[column] != kind:
            yield f"{column} is {found[column]}, not {kind}"
    yield from (f"{column} is not ours" for column in found if column not in wanted)


def primary_keys(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check the primary key of each table."""
    found = _keys(rows)
    for name, columns in _keys(wanted).items():
        key = found.get(name)
        detail = f"({key})" if key else _no_key(name, columns)
        if key and key != columns:
            detail += f", not ({columns})"
        yield Check(f"primary key {name}", key == columns, detail)


def _keys(rows: Rows) -> dict[str, str]:
    return {row["relation"]: row["columns"] for row in rows if row["is_primary"]}


def _no_key(table: str, columns: str) -> str:
    """Advice for a missing key; ``ksys db init`` creates a key only together with its table."""
    return (
        f"is missing; as the owner: ALTER TABLE public.{table} ADD CONSTRAINT {table}_pkey"
        f" PRIMARY KEY ({columns})"
    )


def indexes(rows: Rows, wanted: Golden) -> Iterator[Check]:
    """Check each index of the schema, then each optional index that another index covers.

    Of primary keys only those of hypertables are checked here, because queries of samples need
    them. :func:`primary_keys` checks the keys of plain tables.
    """
    found = {(row["relation"], row["name"]): row for row in rows}
    hyper = {row["name"] for row in wanted.hypertables}
    for index in wanted.indexes:
        if not index["is_primary"] or index["relation"] in hyper:
            yield _index(found.get((index["relation"], index["name"])), index)
    for name, relation in REDUNDANT_INDEXES.items():
        row = found.get((relation, name))
        index = {"relation": relation, "name": name, "columns": "ts DESC", "is_unique": False}
        yield _covered(index, rows) if row is None else _index(row, index)


def _index(row: Row | None, wanted: Row) -> Check:
    name, columns = f"index {wanted['name']}", wanted["columns"]
    if row is None:
        key = wanted["is_primary"]
        missing = _no_key(wanted["relation"], columns) if key else "is missing; run ksys db init"
        return Check(name, False, missing)
    actual = (row["columns"], row["is_unique"] or not wanted["is_unique"], row["is_valid"])
    if actual == (columns, True, True):
        return Check(name, True, f"({columns})")
    wrong = f"not ({columns})" if row["is_valid"] else "not valid"
    return Check(name, False, f"is ({row['columns']}), {wrong}")


def _covered(wanted: Row, rows: Rows) -> Check:
    name, leading = f"index {wanted['name']}", wanted["columns"].removesuffix(" DESC")
    for row in rows:
        columns = row["columns"].split(", ")
        if row["relation"] == wanted["relation"] and columns[0].removesuffix(" DESC") == leading:
            return Check(name, True, f"covered by {row['name']} ({row['columns']})")
    return Check(name, False, "is missing, and no other index starts with its column")


def hypertables(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check that each hypertable exists and has chunks of a suitable size."""
    found = {row["name"]: row["chunk_interval"] for row in rows if not row["is_aggregate"]}
    least, most = CHUNK_INTERVAL
    for name in (row["name"] for row in wanted if not row["is_aggregate"]):
        chunk = found.get(name)
        if chunk is None:
            yield Check(f"hypertable {name}", False, "is not a hypertable; run ksys db init")
        else:
            longest = LONGER_CHUNKS.get(name, most)
            ok = least <= chunk <= longest
            detail = f"chunks of {days(chunk)}"
            wrong = "" if ok else f", not {days(least)} to {days(longest)}"
            yield Check(f"hypertable {name}", ok, detail + wrong)


def compression(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check the settings of compression."""
    found = {row["name"]: (row["segment_by"], row["order_by"]) for row in rows}
    for expected in wanted:
        name, expected_settings = expected["name"], (expected["segment_by"], expected["order_by"])
        if not any(expected_settings):
            continue
        settings = found.get(name, (None, None))
        ok = settings == expected_settings
        text = f"segmentby {settings[0]}, orderby {settings[1]}" if any(settings) else "is off"
        wrong = (
            ""
            if ok
            else f"; expected segmentby {expected_settings[0]}, orderby {expected_settings[1]}"
        )
        yield Check(f"compression {name}", ok, text + wrong)


def aggregates(rows: Rows, wanted: Golden, zone: str) -> Iterator[Check]:
    """Check the real-time setting of each aggregate, and the definition of each aggregate and view.

    Args:
        rows: the definitions.
        wanted: the golden file.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
    """
    found = {row["name"]: row for row in rows}
    kinds, spec = wanted.kinds, definitions.as_in_the_spec(wanted)
    for name, allowed in definitions.allowed(wanted, zone).items():
        row = found.get(name)
        if kinds[name] == "aggregate":
            ok = row is not None and row["materialized_only"] is False
            detail = "on" if ok else "off; run ksys db init" if row else "is missing"
            yield Check(f"real-time {name}", ok, detail)
        if row is None:
            yield Check(f"definition {name}", False, "is missing")
            continue
        actual = definitions.normalised(row["definition"])
        ok = actual in allowed
        detail = "as expected" if ok else f"differs: {actual}"
        # An aggregate from raw rows works too.
        if actual == spec.get(name) and not ok:
            ok, detail = True, "as in the spec"
        yield Check(f"definition {name}", ok, detail)


def triggers(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check the triggers that refuse unusable samples and update ``tag_latest``."""
    found = {(row["relation"], row["name"]): row for row in rows}
    for trigger in wanted:
        name, occasion = trigger["name"], _occasion(trigger["definition"])
        row = found.get((trigger["relation"], name))
        wrong = ""
        if row is None:
            wrong = "is missing; run ksys db init"
        elif not row["enabled"]:
            relation = f"public.{trigger['relation']}"
            wrong = f"is disabled; DROP TRIGGER {name} ON {relation}; then ksys db init"
        elif not row["runs_as_owner"]:
            wrong = "its function does not run as its owner (SECURITY DEFINER)"
        elif _occasion(row["definition"]) != occasion:
            wrong = f"differs: {row['definition']}"
        yield Check(f"trigger {name}", not wrong, wrong or occasion.lower())


def _occasion(trigger: str) -> str:
    """When a trigger fires, e.g. ``BEFORE INSERT``, from its definition."""
    found = _OCCASION.search(trigger)
    return found[0] if found else ""


def functions(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check the functions for other readers, and that the app's role may call them."""
    for function in wanted:
        name, arguments = function["name"], function["arguments"]
        found = [row for row in rows if (row["name"], row["arguments"]) == (name, arguments)]
        wrong = ""
        if not found:
            wrong = "is missing; run ksys db init"
        elif not found[0]["readable"]:
            wrong = f"eco_ro may not call it; GRANT EXECUTE ON FUNCTION public.{name} TO eco_ro"
        yield Check(f"function {name}", not wrong, wrong or arguments or "no arguments")
