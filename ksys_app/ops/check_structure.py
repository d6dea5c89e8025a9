"""Checks of what there is: pure functions from rows of ``db/verify/`` to one line each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ksys_app.ops import definitions, expected
from ksys_app.ops.check import Check, Rows, days

KINDS: Final = {"r": "table", "v": "view", "m": "materialized view"}


def extensions(rows: Rows) -> Iterator[Check]:
    """TimescaleDB in a version that will do; the Toolkit is welcome."""
    versions = {row["name"]: str(row["version"]) for row in rows}
    version = versions.get("timescaledb")
    numbers = tuple(int(n) for n in re.findall(r"\d+", version or "0.0")[:2])
    least = ".".join(map(str, expected.MIN_TIMESCALEDB))
    ok = numbers >= expected.MIN_TIMESCALEDB
    detail = version if ok else f"{version or 'not installed'}, {least} or newer is needed"
    yield Check("extension timescaledb", ok, str(detail))
    toolkit = versions.get("timescaledb_toolkit")
    yield Check("extension timescaledb_toolkit", True, toolkit or "not installed, not needed")


def relations(rows: Rows, views: Rows) -> Iterator[Check]:
    """Each table and view, of its kind, with its columns and their types."""
    aggregates_found = {row["name"] for row in views if row["kind"] == "aggregate"}
    found: dict[str, dict[str, str]] = {}
    kinds: dict[str, str] = {}
    for row in rows:
        name = row["relation"]
        kinds[name] = "aggregate" if name in aggregates_found else KINDS[row["kind"]]
        required = expected.REQUIRED if row["not_null"] else ""
        found.setdefault(name, {})[row["column"]] = f"{row['type']}{required}"
    for name, columns in (expected.TABLES | expected.VIEWS).items():
        kind = expected.kind(name)
        if name not in found:
            yield Check(f"{kind} {name}", False, "is missing; run ksys db init")
            continue
        is_kind = kinds[name] == kind
        yield Check(f"{kind} {name}", is_kind, "there" if is_kind else f"is a {kinds[name]}")
        wrong = "; ".join(_differences(found[name], columns))
        if wrong and is_kind and kind == "view":
            wrong += f"; DROP VIEW public.{name}; then ksys db init"
        yield Check(f"columns {name}", not wrong, wrong or f"{len(columns)} columns")


def _differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    for column, kind in wanted.items():
        if column not in found:
            yield f"{column} is missing"
        elif found[column] != kind:
            yield f"{column} is {found[column]}, not {kind}"
    yield from (f"{column} is not ours" for column in found if column not in wanted)


def primary_keys(rows: Rows) -> Iterator[Check]:
    """Each table's primary key."""
    found = {row["relation"]: row["columns"] for row in rows if row["is_primary"]}
    for name, columns in expected.PRIMARY_KEYS.items():
        key = found.get(name)
        detail = f"({key})" if key else _no_key(name, columns)
        if key and key != columns:
            detail += f", not ({columns})"
        yield Check(f"primary key {name}", key == columns, detail)


def _no_key(table: str, columns: str) -> str:
    """``ksys db init`` makes a key with its table only."""
    return (
        f"is missing; as the owner: ALTER TABLE public.{table} ADD CONSTRAINT {table}_pkey"
        f" PRIMARY KEY ({columns})"
    )


def indexes(rows: Rows) -> Iterator[Check]:
    """Each index; one that another index covers may be left out."""
    found = {(row["relation"], row["name"]): row for row in rows}
    for name, wanted in expected.INDEXES.items():
        row = found.get((wanted.relation, name))
        if row is None and wanted.redundant:
            yield _covered(name, wanted, rows)
        elif row is None:
            key = name.endswith("_pkey")
            detail = (
                _no_key(wanted.relation, wanted.columns) if key else "is missing; run ksys db init"
            )
            yield Check(f"index {name}", False, detail)
        else:
            actual = (row["columns"], row["is_unique"] or not wanted.unique, row["is_valid"])
            ok = actual == (wanted.columns, True, True)
            detail = (
                f"({row['columns']})"
                if ok
                else f"is ({row['columns']}), "
                + ("not valid" if not row["is_valid"] else f"not ({wanted.columns})")
            )
            yield Check(f"index {name}", ok, detail)


def _covered(name: str, wanted: expected.Index, rows: Rows) -> Check:
    leading = wanted.columns.removesuffix(" DESC")
    for row in rows:
        columns = row["columns"].split(", ")
        if row["relation"] == wanted.relation and columns[0].removesuffix(" DESC") == leading:
            return Check(f"index {name}", True, f"covered by {row['name']} ({row['columns']})")
    return Check(f"index {name}", False, "is missing, and no other index starts with its column")


def hypertables(rows: Rows) -> Iterator[Check]:
    """Each hypertable with chunks of a sensible size."""
    found = {row["name"]: row["chunk_interval"] for row in rows if not row["is_aggregate"]}
    least, most = expected.CHUNK_INTERVAL
    for name in expected.HYPERTABLES:
        chunk = found.get(name)
        if chunk is None:
            yield Check(f"hypertable {name}", False, "is not a hypertable; run ksys db init")
        else:
            ok = least <= chunk <= most
            detail = f"chunks of {days(chunk)}"
            wrong = "" if ok else f", not {days(least)} to {days(most)}"
            yield Check(f"hypertable {name}", ok, detail + wrong)


def compression(rows: Rows) -> Iterator[Check]:
    """Columnar settings of what is compressed."""
    found = {row["name"]: (row["segment_by"], row["order_by"]) for row in rows}
    for name, wanted in expected.COMPRESSION.items():
        settings = found.get(name, (None, None))
        ok = settings == (wanted.segment_by, wanted.order_by)
        text = f"segmentby {settings[0]}, orderby {settings[1]}" if any(settings) else "is off"
        wrong = "" if ok else f"; expected segmentby {wanted.segment_by}, orderby {wanted.order_by}"
        yield Check(f"compression {name}", ok, text + wrong)


def aggregates(rows: Rows, zone: str, kept: Collection[str] = ()) -> Iterator[Check]:
    """Each aggregate's real-time setting, and the definition of each aggregate and view.

    Args:
        rows: the definitions.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
        kept: what of the plant's own was to stay as it is.
    """
    found = {row["name"]: row for row in rows}
    for name, allowed in definitions.allowed(zone).items():
        row = found.get(name)
        if expected.kind(name) == "aggregate":
            ok = row is not None and row["materialized_only"] is False
            detail = "on" if ok else "off; run ksys db init" if row else "is missing"
            yield Check(f"real-time {name}", ok, detail)
        if row is None:
            yield Check(f"definition {name}", False, "is missing")
            continue
        actual = definitions.normalised(row["definition"])
        ok = actual in allowed
        detail = "as expected" if ok else f"differs: {actual}"
        # An aggregate of raw rows works as well; indicators of all history only where nobody is to
        # refresh them each minute.
        if actual == definitions.AS_IN_THE_SPEC.get(name) and not ok:
            ok = expected.kind(name) == "aggregate" or name in kept
            detail = (
                "as in the spec" if ok else "as in the spec, over all history; run ksys db init"
            )
        yield Check(f"definition {name}", ok, detail)


def triggers(rows: Rows) -> Iterator[Check]:
    """What refuses unusable samples and keeps ``tag_latest``."""
    found = {row["name"]: row for row in rows if row["relation"] == "influx_hist"}
    for name, occasion in expected.TRIGGERS.items():
        row = found.get(name)
        wrong = ""
        if row is None:
            wrong = "is missing; run ksys db init"
        elif not row["enabled"]:
            wrong = f"is disabled; DROP TRIGGER {name} ON public.influx_hist; then ksys db init"
        elif not row["runs_as_owner"]:
            wrong = "its function does not run as its owner (SECURITY DEFINER)"
        elif f"{occasion} ON" not in row["definition"]:
            wrong = f"differs: {row['definition']}"
        yield Check(f"trigger {name}", not wrong, wrong or occasion.lower())


def functions(rows: Rows) -> Iterator[Check]:
    """The functions for other readers, as the role of the app may call them."""
    for name, arguments in expected.READERS.items():
        found = [row for row in rows if (row["name"], row["arguments"]) == (name, arguments)]
        wrong = ""
        if not found:
            wrong = "is missing; run ksys db init"
        elif not found[0]["readable"]:
            wrong = f"eco_ro may not call it; GRANT EXECUTE ON FUNCTION public.{name} TO eco_ro"
        yield Check(f"function {name}", not wrong, wrong or arguments or "no arguments")
