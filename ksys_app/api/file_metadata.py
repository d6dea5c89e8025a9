"""The formats, the metadata and the writer interface of series files (PRD §33.11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo

from ksys_app.domain.file_tables import Column, Part

Format = Literal["csv", "xlsx", "parquet"]
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class TagMetadata:
    """A tag as a file describes it; ``decimals`` is None where the tag has no rule."""

    tag_name: str
    title: str
    unit: str
    decimals: int | None


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """The columns of a file, and what the file says about its content.

    Attributes:
        columns: the columns, in order.
        tags: tag name to the description of the tag.
        facts: name to text: range, bucket, layout and origin of the rows.
        zone: the display zone.
    """

    columns: Sequence[Column]
    tags: Mapping[str, TagMetadata]
    facts: Mapping[str, str]
    zone: ZoneInfo


class Writer(Protocol):
    """Writes a file. Its methods take some milliseconds: call them in a thread, one at a time."""

    def feed(self, part: Part) -> bytes:
        """Add lines, and return the bytes of the file that are complete by now."""

    def end(self) -> Iterator[bytes]:
        """The remaining bytes of the file. Call it after the last part."""

    def close(self) -> None:
        """Free the resources of the writer, after :meth:`end` or instead of it."""
