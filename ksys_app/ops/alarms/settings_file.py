"""Files of alarm settings: ``tag_name,condition`` and values instead of the defaults (§32.2)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ksys_app.errors import ConfigError
from ksys_app.models.alarms import CONDITIONS, AlarmSettings, Condition
from ksys_app.ops.files import cells, dialect, textlines
from ksys_app.ops.files.textlines import BadLine, TextFile

LONGEST_S: Final = 86_400
"""Longest delay, seconds; as in ``alarm_rule``."""
MAX_PROBLEMS: Final = 20
KEY: Final = ("tag_name", "condition")
ByTag = dict[str, dict[Condition, AlarmSettings]]


def read(path: Path) -> ByTag:
    """The settings of a file by tag and condition; an empty cell keeps the default.

    Raises:
        ConfigError: the file cannot be read, or cells have errors. Each error is a line
            ``file:line column: what is wrong``.
    """
    found: ByTag = {}
    problems: list[str] = []
    with textlines.opened(path) as file:
        for line, row in _rows(file):
            wrong: list[str] = []
            values = {name: _cell(name, cell, wrong) for name, cell in row.items()}
            tag_name, condition = values.pop("tag_name"), values.pop("condition")
            if not wrong and condition in found.get(tag_name, {}):
                wrong.append(f"condition: {tag_name} {condition} is already on a line above")
            problems += [f"{path}:{line} {text}" for text in wrong]
            if not wrong:
                found.setdefault(tag_name, {})[condition] = AlarmSettings(**values)
    if problems:
        hidden = len(problems) - MAX_PROBLEMS
        more = [f"and {hidden} more problems"] if hidden > 0 else []
        raise ConfigError("\n".join(problems[:MAX_PROBLEMS] + more))
    return found


def _rows(file: TextFile) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each line below the header, and its cells by column."""
    header: list[str] | None = None
    separator = ","
    for line in file:
        if isinstance(line, BadLine):
            raise ConfigError(f"{file.name}:{line.line} {line.reason}")
        if header is None:
            found = dialect.header(line.text, COLUMNS)
            header, separator = found.names, found.separator
            _check_header(file.name, header)
            continue
        record = next(csv.reader([line.text], delimiter=separator), [])
        if len(record) != len(header):
            raise ConfigError(
                f"{file.name}:{line.number} has {len(record)} cells, its first line {len(header)}"
            )
        yield line.number, dict(zip(header, record, strict=True))
    if header is None:
        raise ConfigError(f"{file.name} is empty; its first line must be {','.join(COLUMNS)}")


def _check_header(name: str, header: list[str]) -> None:
    twice = len(set(header)) != len(header)
    if twice or set(KEY) - set(header) or set(header) - set(COLUMNS):
        raise ConfigError(
            f"{name}: its first line must have tag_name and condition, may have "
            f"{', '.join(list(COLUMNS)[len(KEY) :])}, each once, and is {','.join(header)[:120]!r}"
        )


def _cell(name: str, cell: str, wrong: list[str]) -> Any:
    if not cell and name not in KEY:
        return None
    try:
        return COLUMNS[name](cell)
    except ValueError as error:
        wrong.append(f"{name}: {error}")
        return None


def _condition(cell: str) -> str:
    if cell not in CONDITIONS:
        raise ValueError(f"{cell[:40]!r} is none of {', '.join(CONDITIONS)}")
    return cell


def _priority(cell: str) -> int:
    return cells.integer(cell, 1, 4)


def _seconds(cell: str) -> float:
    seconds = cells.number(cell)
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError(f"{cell[:40]} must be from 0 to {LONGEST_S}")
    return seconds


def _above_zero(cell: str) -> float:
    seconds = cells.number(cell)
    if seconds <= 0:
        raise ValueError(f"{cell[:40]} must be above 0")
    return seconds


COLUMNS: Final[dict[str, Callable[[str], Any]]] = {
    "tag_name": cells.name,
    "condition": _condition,
    "priority": _priority,
    "on_delay_s": _seconds,
    "off_delay_s": _seconds,
    "latch": cells.boolean,
    "ack": cells.boolean,
    "realarm_s": _above_zero,
}
