"""Reads JSON of the database so that every value can be sent to clients.

A table accepts any JSON. Another program may store a number or a nesting that our readers cannot
handle. Such a value must not break the answer that includes it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from psycopg.types.json import set_json_loads

from ksys_app.models.stored import plain_integer, too_deep

DEEPEST: Final = 200
"""A value that is nested deeper cannot be sent."""


def stored_json(text: str | bytes) -> Any:
    """Parse the value; None for a value that is nested too deeply."""
    plain = text if isinstance(text, str) else text.decode()
    try:
        value = json.loads(plain, parse_int=plain_integer)
    except RecursionError:
        return None
    may_be_deep = plain.count("[") + plain.count("{") > DEEPEST
    return None if may_be_deep and too_deep(value, DEEPEST) else value


set_json_loads(stored_json)
