"""The texts of annotations beside the rows of a file (PRD §33.7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ksys_app.domain.annotations import Marks, bucket_ends
from ksys_app.models.annotations import Annotation

ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 7, 12, tzinfo=ZONE)


def note(number: int, start: datetime, end: datetime | None = None) -> Annotation:
    return Annotation(
        *(start, end, [], "note", f"text {number}", number),
        *("Kim", "local", start, None, "", 1),
    )


def texts_beside(width: timedelta, rows: list[datetime], *notes: Annotation) -> list[str]:
    marks = Marks(notes, bucket_ends(width, ZONE))
    return [marks.of(row) for row in rows]


def minutes(*numbers: float) -> list[datetime]:
    return [NOON + timedelta(minutes=one) for one in numbers]


def test_a_note_of_a_moment_stands_in_the_row_of_that_moment() -> None:
    (moment,) = minutes(1.5)
    found = texts_beside(timedelta(minutes=1), minutes(0, 1, 2), note(7, moment))
    assert found == ["", "note #7: text 7 (Kim)", ""]


def test_a_note_of_a_span_stands_in_full_in_its_first_row_and_by_number_in_the_others() -> None:
    start, end = minutes(1, 3)
    found = texts_beside(timedelta(minutes=1), minutes(0, 1, 2, 3), note(7, start, end))
    assert found == ["", "note #7: text 7 (Kim)", "note #7", ""]


@pytest.mark.parametrize("length", [None, timedelta(minutes=1), timedelta(minutes=9)])
def test_a_note_that_begins_before_the_first_row_or_in_a_hole_stands_in_the_next_row(
    length: timedelta | None,
) -> None:
    (start,) = minutes(-5)
    one = note(7, start, length and start + length)
    found = texts_beside(timedelta(minutes=1), minutes(0, 1), one)
    assert found[0] == "note #7: text 7 (Kim)"
    assert found[1] == ("note #7" if length == timedelta(minutes=9) else "")


def test_several_notes_stand_in_the_order_of_their_start() -> None:
    first, second = minutes(0, 2)
    notes = [note(9, second), note(8, first, NOON + timedelta(hours=1))]
    found = texts_beside(timedelta(minutes=1), minutes(0, 2), *notes)
    assert found == ["note #8: text 8 (Kim)", "note #8; note #9: text 9 (Kim)"]


def test_a_day_ends_by_the_clocks_of_the_zone() -> None:
    days = [datetime(2026, 3, day, tzinfo=ZONE) for day in (7, 8, 9)]
    late = datetime(2026, 3, 8, 23, 30, tzinfo=ZONE)
    found = texts_beside(timedelta(days=1), days, note(7, late))
    assert found == ["", "note #7: text 7 (Kim)", ""]
