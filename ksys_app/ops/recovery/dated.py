"""Dumps with their time in the name; a folder has a limited number of them (PRD §27.7)."""

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

# A private folder outside of the project, because others read the project's folder and container
# images are built from it.
FOLDER: Final = "ksys-backups"
STAMP: Final = "%Y%m%dT%H%M%SZ"
_STAMP: Final = r"\d{8}T\d{6}Z"
_PARTS: Final = (".manifest.json", ".partial", ".manifest.json.partial")


@dataclass(frozen=True, slots=True)
class Target:
    """The dump to write, and the older files to remove after it is complete."""

    file: Path
    outdated: list[Path]


def dump_name(database: str, now: datetime) -> str:
    """A name such as ``EcoAnP_20260801T021000Z.dump``; names of one database sort by their time."""
    return f"{_prefix(database)}{now.astimezone(UTC):{STAMP}}.dump"


def outdated(names: Iterable[str], database: str, keep: int) -> list[str]:
    """The names of the files to remove from a folder, oldest dump first.

    A dump counts only if its manifest exists. The newest ``keep`` dumps stay. Older dumps are
    removed with their manifests, and so are older partial files of backups that were killed.

    Args:
        names: names of the files in the folder.
        database: name of the database.
        keep: how many dumps stay.
    """
    existing = set(names)
    form = re.compile(rf"{re.escape(_prefix(database))}{_STAMP}\.dump")
    dump_of = {name: match[0] for name in existing if (match := form.match(name))}
    complete = sorted(
        name for name in existing if dump_of.get(name) == name and _manifest_name(name) in existing
    )
    if len(complete) <= keep:
        return []
    oldest = complete[-keep]
    parts = {dump + part for dump in dump_of.values() for part in _PARTS}
    return sorted(name for name in existing & ({*complete} | parts) if dump_of[name] < oldest)


def home() -> Path:
    """The default folder for dumps, in the user's home; it may not exist yet.

    Raises:
        ConfigError: this user has no home.
    """
    try:
        return Path.home() / FOLDER
    except RuntimeError as error:
        raise ConfigError("this user has no home folder; name a folder for the dump") from error


def make(folder: Path) -> None:
    """Create the folder, private to its owner, if it does not exist.

    Raises:
        ConfigError: the folder cannot be created.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be created: {error.strerror}; name a folder") from error


async def target(dsn: str, where: Path | None, keep: int | None, now: datetime) -> Target:
    """The dump that a backup writes, and the files to remove afterwards.

    Args:
        dsn: DSN of the database's owner.
        where: the file of the dump, or a folder for a dated dump; None for the default folder.
        keep: how many dated dumps stay, None for all.
        now: the time of the dump.

    Raises:
        BadParameter: ``keep`` was given with a dump that is not dated.
        ConfigError: the folder cannot be read.
        KsysError: as :func:`~ksys_app.ops.owner.owner`.
    """
    if where is not None and not await asyncio.to_thread(where.is_dir):
        if keep:
            raise BadParameter(f"--keep needs dated dumps: name a folder instead of {where}")
        return Target(where, [])
    folder = where or home()
    async with owner(dsn) as conn:
        row = await (await conn.execute("SELECT current_database()::text")).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    new = folder / dump_name(row[0], now)
    if keep is None:
        return Target(new, [])
    existing = await asyncio.to_thread(_names, folder)
    names = outdated([*existing, new.name, manifest.beside(new).name], row[0], keep)
    return Target(new, [folder / name for name in names])


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}") from error


def remove(paths: Iterable[Path]) -> None:
    """Remove old dumps.

    Raises:
        BackupFailed: a dump cannot be removed.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise BackupFailed(
                f"the new dump is complete, but {path} cannot be removed: {error.strerror}"
            ) from error


def _prefix(database: str) -> str:
    return re.sub(r"[^\w.-]", "_", database) + "_"


def _manifest_name(dump: str) -> str:
    return manifest.beside(Path(dump)).name
