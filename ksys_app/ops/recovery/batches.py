"""Reads a file of samples in batches and writes its bad lines to the reject file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ksys_app.domain.ingest import Unusable, unusable
from ksys_app.errors import KsysError
from ksys_app.models.samples import NewSample
from ksys_app.ops.files.rejects import Rejects
from ksys_app.ops.files.samplefile import SampleFile
from ksys_app.ops.files.textlines import BadLine

LINES: Final = 20_000
BYTES: Final = 2**23
Samples = dict[tuple[datetime, str], NewSample]


@dataclass(frozen=True, slots=True)
class Batch:
    """The samples of some lines of a file.

    Attributes:
        samples: the samples of the valid lines; of several with the same tag and time, the last.
        count: number of valid lines.
        line: number of the last line.
        position: number of bytes read so far of the file as it is stored.
        rejected: number of bad lines so far.
        ended: whether there are no more lines.
        failure: the error that ended the reading, None at the normal end of the file.
    """

    samples: list[NewSample]
    count: int
    line: int
    position: int
    rejected: int
    ended: bool
    failure: KsysError | None = None


class Batches:
    """Reads the batches of a file, in a separate thread.

    Args:
        file: the file, whose header has been read.
        rejects: writes the bad lines.
        latest: returns the latest usable time; called again as time passes.
    """

    def __init__(self, file: SampleFile, rejects: Rejects, latest: Callable[[], datetime]) -> None:
        self._file, self._rejects = file, rejects
        self._items = iter(file)
        self._clock, self._latest = latest, latest()

    def take(self) -> Batch:
        """The next lines, at most :data:`LINES` of them and not much more than :data:`BYTES`."""
        samples: Samples = {}
        count = 0
        last_line, last_byte = self._file.line + LINES, self._file.length + BYTES
        try:
            for item in self._items:
                if isinstance(item, BadLine):
                    self._rejects.add(item)
                elif reason := self._unusable(item):
                    self._rejects.add(self._file.unusable(reason))
                else:
                    count += 1
                    samples[item.ts, item.tag_name] = item
                if self._file.line >= last_line or self._file.length >= last_byte:
                    return self._batch(samples, count, ended=False)
        except KsysError as failure:
            return self._batch(samples, count, ended=True, failure=failure)
        return self._batch(samples, count, ended=True)

    def _batch(
        self, samples: Samples, count: int, *, ended: bool, failure: KsysError | None = None
    ) -> Batch:
        return Batch(
            list(samples.values()),
            count,
            self._file.line,
            self._file.position,
            self._rejects.count,
            ended,
            failure,
        )

    def _unusable(self, sample: NewSample) -> Unusable | None:
        reason = unusable(sample.ts, sample.value, self._latest)
        if reason is Unusable.AHEAD:
            # Standard input may stay open for hours, with samples of the current time.
            self._latest = self._clock()
            reason = unusable(sample.ts, sample.value, self._latest)
        return reason
