"""Limits, changes of limits, and faults of limits as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from ksys_app.api import render
from ksys_app.api.annotation_schemas import annotation
from ksys_app.errors import BadParameter, Conflict, KsysError
from ksys_app.models.limits import Contradiction, Edited, Limits, RecordedChange
from ksys_app.models.message import Message
from ksys_app.models.rule_file import FileDifference
from ksys_app.services import runtime
from ksys_app.texts import say

Json = dict[str, Any]


def limits(tag_limits: Limits) -> Json:
    """The limits of a tag: the columns of its rule, its version, and its alarm settings."""
    settings = [
        {"condition": name} | asdict(chosen) for name, chosen in tag_limits.settings.items()
    ]
    version_and_settings = {
        "version": tag_limits.version,
        "has_rule": tag_limits.has_rule,
        "settings": settings,
    }
    return render.rule(tag_limits.rule) | version_and_settings


def saved(edited: Edited) -> Json:
    """The limits of a tag after a change, and the columns that the change changed."""
    cells = [{"column": cell.column, "old": cell.old, "new": cell.new} for cell in edited.cells]
    return {"limits": limits(edited.limits), "cells": cells}


def problems(edited: Sequence[Edited]) -> list[Json]:
    """Each wrong column, with its error in English, and as a text key with values for a page."""
    return [
        {
            "tag_name": edited_limits.limits.rule.tag_name,
            "column": fault.column,
            "message": say(fault.what),
            "key": fault.what.key,
            "values": _plain(fault.what.values),
        }
        for edited_limits in edited
        for fault in edited_limits.faults
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


def difference(rule_difference: FileDifference, zone: ZoneInfo) -> Json:
    """How a rule in force differs from the rule file, since when, and who changed it."""
    return {
        "tag_name": rule_difference.tag_name,
        "synced_at": render.time(rule_difference.synced_at, zone),
        "missing": rule_difference.missing,
        "since": render.time(rule_difference.since, zone),
        "actors": list(rule_difference.actors),
        "cells": [
            asdict(cell) | {"since": render.time(cell.since, zone)}
            for cell in rule_difference.cells
        ],
    }


def error_detail(error: KsysError) -> Json:
    """The fields of an error body beside ``code`` and ``message``.

    An error that a client can do something about has ``key`` and ``values`` of its sentence.
    """
    return _sentence(error) | _about(error)


def _sentence(error: KsysError) -> Json:
    if error.http_status >= 500 or error.sentence.key == "errors.plain":
        return {}
    return {"key": error.sentence.key, "values": _plain(error.sentence.values)}


def _about(error: KsysError) -> Json:
    if isinstance(error, Conflict) and error.annotation is not None:
        # A conflict reaches only a person who may change the annotation, so it is editable.
        return {"annotation": annotation(error.annotation, runtime.current().zone, editable=True)}
    if isinstance(error, Conflict):
        return {"conflicts": [_conflict(contradiction) for contradiction in error.contradictions]}
    if isinstance(error, BadParameter) and error.edits:
        return {"fields": problems(error.edits)}
    if error.span is not None:
        return {"at": error.span.at, "length": error.span.length}
    return {}


def _conflict(contradiction: Contradiction) -> Json:
    names = ("column", "yours", "theirs", "base")
    cells = [dict(zip(names, cell, strict=True)) for cell in contradiction.cells]
    return {"tag_name": contradiction.tag_name, "version": contradiction.version, "cells": cells}


def _plain(value: Any) -> Any:
    """The values of a message as JSON. A message among them becomes its key and values."""
    if isinstance(value, Message):
        return {"key": value.key, "values": _plain(value.values)}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
