"""JSON of the database as objects that can be sent on, whoever has stored it.

The table holds any JSON, and another program may write a number or a nesting that no reader of ours
can take. Such a value must not break the answer that has it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from psycopg.types.json import set_json_loads

from ksys_app.models.stored import plain_integer, too_deep

DEEPEST: Final = 200
"""Nested deeper, a value cannot be sent."""


def stored_json(text: str | bytes) -> Any:
    """The value; None in place of one that is nested too deeply."""
    plain = text if isinstance(text, str) else text.decode()
    try:
        value = json.loads(plain, parse_int=plain_integer)
    except RecursionError:
        return None
    may_be_deep = plain.count("[") + plain.count("{") > DEEPEST
    return None if may_be_deep and too_deep(value, DEEPEST) else value


set_json_loads(stored_json)
