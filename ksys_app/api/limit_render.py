"""Limits, their changes and their faults as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from ksys_app.api import render
from ksys_app.errors import BadParameter, Conflict, KsysError
from ksys_app.models.limits import Contradiction, Edited, Limits, RecordedChange
from ksys_app.models.message import Message
from ksys_app.models.rule_file import FileDifference
from ksys_app.texts import say

Json = dict[str, Any]


def limits(one: Limits) -> Json:
    """The columns of the rule, its version, and whether there is a rule."""
    settings = [{"condition": name} | asdict(chosen) for name, chosen in one.settings.items()]
    more = {"version": one.version, "has_rule": one.has_rule, "settings": settings}
    return render.rule(one.rule) | more


def saved(one: Edited) -> Json:
    """The limits after a change, and what it changed."""
    cells = [{"column": cell.column, "old": cell.old, "new": cell.new} for cell in one.cells]
    return {"limits": limits(one.limits), "cells": cells}


def problems(found: Sequence[Edited]) -> list[Json]:
    """Each column that is wrong, with the sentence in English and for a page."""
    return [
        {
            "tag_name": one.limits.rule.tag_name,
            "column": fault.column,
            "message": say(fault.what),
            "key": fault.what.key,
            "values": _plain(fault.what.values),
        }
        for one in found
        for fault in one.faults
    ]


def change(row: RecordedChange, zone: ZoneInfo) -> Json:
    """A recorded change with the columns that it changed."""
    old, new = row.old or {}, row.new or {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {
        "id": row.id,
        "at": render.time(row.at, zone),
        "tag_name": row.tag_name,
        "version": row.version,
        "relation": row.relation,
        "condition": row.condition,
        "op": row.op,
        "old": row.old,
        "new": row.new,
        "cells": [
            {"column": name, "old": old.get(name), "new": new.get(name)}
            for name in names
            if name not in ("tag_name", "condition")
        ],
        "actor": row.actor,
        "reason": row.reason,
        "source": row.source,
    }


def difference(one: FileDifference, zone: ZoneInfo) -> Json:
    """How a rule differs from the file, since when and by whom."""
    return {
        "tag_name": one.tag_name,
        "synced_at": render.time(one.synced_at, zone),
        "missing": one.missing,
        "since": render.time(one.since, zone),
        "actors": list(one.actors),
        "cells": [asdict(cell) | {"since": render.time(cell.since, zone)} for cell in one.cells],
    }


def error_detail(error: KsysError) -> Json:
    """What the body of an error has beside code and sentence."""
    if isinstance(error, Conflict):
        return {"conflicts": [_conflict(one) for one in error.contradictions]}
    if isinstance(error, BadParameter) and error.edits:
        return {"fields": problems(error.edits)}
    if error.span is not None:
        place = {"at": error.span.at, "length": error.span.length}
        return place | {"key": error.said.key, "values": _plain(error.said.values)}
    return {}


def _conflict(one: Contradiction) -> Json:
    names = ("column", "yours", "theirs", "base")
    cells = [dict(zip(names, cell, strict=True)) for cell in one.cells]
    return {"tag_name": one.tag_name, "version": one.version, "cells": cells}


def _plain(value: Any) -> Any:
    """Values of a sentence as JSON; a message in one becomes its key and values."""
    if isinstance(value, Message):
        return {"key": value.key, "values": _plain(value.values)}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
