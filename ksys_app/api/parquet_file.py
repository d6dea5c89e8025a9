"""The writer of series files in Parquet: times in UTC, units as column metadata (PRD §33.11)."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any, Final

from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import write_parquet

from ksys_app.api.file_metadata import FileMetadata
from ksys_app.domain.file_tables import Column, Part, Values, all_finite, counts, lines_in, numbers

GROUP_ROWS: Final = 50_000
"""Lines of a row group. The group stays in memory until it is compressed."""
_KINDS: Final = {
    "time": DataType.timestamp("us", tz="UTC"),
    "tag": DataType.string(),
    "count": DataType.int64(),
    "figure": DataType.float64(),
}


class ParquetFile:
    """Writes a Parquet file.

    The library pulls its lines from an iterator. So it runs in a thread of its own, which waits for
    the next call of :meth:`feed`.
    """

    def __init__(self, metadata: FileMetadata) -> None:
        self._metadata, self._sink = metadata, _Sink()
        self._schema = _schema(metadata)
        self._parts: Queue[Part | None] = Queue()
        self._written: Queue[Exception | None] = Queue()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="parquet", daemon=True)
        self._thread.start()

    def feed(self, part: Part) -> bytes:
        """Add lines, and return the bytes of the row groups that are complete by now."""
        return self._write_part(part)

    def end(self) -> Iterator[bytes]:
        """The bytes of the last row group and of the footer."""
        yield self._write_part(None)

    def close(self) -> None:
        """End the thread."""
        self._stopped = True
        self._parts.put(None)

    def _write_part(self, part: Part | None) -> bytes:
        """Give lines to the thread, None after the last ones; wait until it has written them."""
        self._parts.put(part)
        error = self._written.get()
        if error is not None:
            raise error
        return self._sink.drain()

    def _run(self) -> None:
        error = None
        try:
            reader = RecordBatchReader.from_batches(self._schema, self._batches())
            write_parquet(
                reader,
                self._sink,  # type: ignore[arg-type]
                compression="zstd(3)",
                max_row_group_size=GROUP_ROWS,
                key_value_metadata=dict(self._metadata.facts),
            )
        except Exception as failure:
            error = failure
        self._written.put(error)

    def _batches(self) -> Iterator[RecordBatch]:
        while (part := self._parts.get()) is not None:
            yield self._batch(part)
            # The library pulls the next batch when it has written this one.
            self._written.put(None)
        if self._stopped:
            raise InterruptedError

    def _batch(self, part: Part) -> RecordBatch:
        count = lines_in(part)
        arrays = [
            _array(column, values, count)
            for column, values in zip(self._metadata.columns, part, strict=True)
        ]
        return RecordBatch.from_arrays(arrays, schema=self._schema)


class _Sink:
    """A file object that holds the written bytes until they are read with :meth:`drain`."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        """Do nothing: the written bytes are available at once."""

    def seek(self, *_to: int) -> int:
        """Raise: the library requires this method, and does not call it."""
        raise io.UnsupportedOperation("seek")

    def drain(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        return b"".join(chunks)


def _schema(metadata: FileMetadata) -> Schema:
    return Schema(
        [_field(metadata, column) for column in metadata.columns], metadata=dict(metadata.facts)
    )


def _field(metadata: FileMetadata, column: Column) -> Field:
    labels = {}
    if column.kind == "time":
        labels = {"zone": metadata.zone.key}
    elif column.tag:
        tag = metadata.tags[column.tag]
        labels = {"tag_name": tag.tag_name, "title": tag.title, "unit": tag.unit}
    return Field(column.name, _KINDS[column.kind], nullable=True, metadata=labels)


def _array(column: Column, values: Values, count: int) -> Array:
    kind: Any = _KINDS[column.kind]
    if isinstance(values, str):
        return Array([values] * count, type=kind)
    if column.kind == "time":
        at = [None if seconds is None else round(seconds * 1e6) for seconds in numbers(values)]
        return Array(at, type=DataType.int64()).cast(kind)
    if column.kind == "count":
        return Array(counts(values), type=kind)
    if all_finite(values):
        return Array.from_numpy(values)
    return Array(numbers(values), type=kind)
