"""Dumps that are named by their time, of which a folder holds so many (PRD §27.7)."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ksys_app.errors import BackupFailed, BadParameter, ConfigError
from ksys_app.ops.owner import owner
from ksys_app.ops.recovery import manifest

# Private, and in no folder of the project, which others read and an image is made of.
FOLDER: Final = "ksys-backups"
STAMP: Final = "%Y%m%dT%H%M%SZ"
_STAMP: Final = r"\d{8}T\d{6}Z"
_PARTS: Final = (".manifest.json", ".partial", ".manifest.json.partial")


@dataclass(frozen=True, slots=True)
class Target:
    """A dump to be written, and the older files that are removed when it is whole."""

    file: Path
    outdated: list[Path]


def dump_name(database: str, now: datetime) -> str:
    """``EcoAnP_20260801T021000Z.dump``: the names of one database sort by their time, in UTC."""
    return f"{_prefix(database)}{now.astimezone(UTC):{STAMP}}.dump"


def outdated(names: Iterable[str], database: str, keep: int) -> list[str]:
    """What a folder should hold no more, oldest dump first.

    A dump counts if its manifest is beside it. Beyond the newest ``keep`` of them, dumps go with
    their manifests, and so does what a killed backup of that age has left.

    Args:
        names: what is in the folder.
        database: whose dumps.
        keep: how many stay.
    """
    there = set(names)
    form = re.compile(rf"{re.escape(_prefix(database))}{_STAMP}\.dump")
    ours = {name: found[0] for name in there if (found := form.match(name))}
    whole = sorted(name for name in there if ours.get(name) == name and _beside(name) in there)
    if len(whole) <= keep:
        return []
    oldest = whole[-keep]
    rests = {dump + part for dump in ours.values() for part in _PARTS}
    gone = {name for name in there & ({*whole} | rests) if ours[name] < oldest}
    return sorted(gone)


def home() -> Path:
    """The folder for dumps of which nobody has said where; it may not be there yet.

    Raises:
        ConfigError: this user has no home.
    """
    try:
        return Path.home() / FOLDER
    except RuntimeError as error:
        raise ConfigError("this user has no home; name a folder for the dump") from error


def make(folder: Path) -> None:
    """Make the folder, for its owner alone, where it is not there.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}; name a folder") from error


async def target(dsn: str, where: Path | None, keep: int | None, now: datetime) -> Target:
    """What a backup writes, and what goes when it is whole.

    Args:
        dsn: DSN of the database's owner.
        where: the dump itself, a folder for a dated one, None for the folder at home.
        keep: how many dated dumps stay, None for all.
        now: the time of the dump.

    Raises:
        BadParameter: ``keep`` and a dump that is not dated.
        ConfigError: the folder cannot be read.
        KsysError: as :func:`~ksys_app.ops.owner.owner`.
    """
    if where is not None and not await asyncio.to_thread(where.is_dir):
        if keep:
            raise BadParameter(f"--keep goes with dated dumps: name a folder in place of {where}")
        return Target(where, [])
    folder = where or home()
    async with owner(dsn) as conn:
        row = await (await conn.execute("SELECT current_database()::text")).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    new = folder / dump_name(row[0], now)
    if keep is None:
        return Target(new, [])
    there = await asyncio.to_thread(_names, folder)
    names = outdated([*there, new.name, manifest.beside(new).name], row[0], keep)
    return Target(new, [folder / name for name in names])


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [one.name for one in entries if one.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}") from error


def remove(paths: Iterable[Path]) -> None:
    """Remove old dumps.

    Raises:
        BackupFailed: one cannot be removed.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise BackupFailed(
                f"the new dump is whole, and {path} cannot be removed: {error.strerror}"
            ) from error


def _prefix(database: str) -> str:
    return re.sub(r"[^\w.-]", "_", database) + "_"


def _beside(name: str) -> str:
    return manifest.beside(Path(name)).name
