"""Files of samples: bad lines are named, and a file of another kind is refused."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ksys_app.errors import ConfigError
from ksys_app.models.samples import NewSample
from ksys_app.ops.demo.plant import folder, replay
from ksys_app.ops.files import samplefile
from ksys_app.ops.files.textlines import BadLine

HEADER = "ts,tag_name,value"
AT = datetime(2020, 2, 8, 13, 30, 47, tzinfo=UTC)
GOOD = f"{HEADER}\n2020-02-08T13:30:47Z,D100,0.2\n"


def written(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_plain_and_gzip_are_distinguished_by_their_content(tmp_path: Path) -> None:
    plain = written(tmp_path, GOOD, "a.csv.gz")
    zipped = written(tmp_path, gzip.compress(GOOD.encode()), "b.csv")
    expected = [NewSample(AT, "D100", 0.2)]
    assert list(samplefile.read(plain)) == list(samplefile.read(zipped)) == expected


def test_qc_and_meta_are_optional_and_columns_in_any_order(tmp_path: Path) -> None:
    content = (
        "value,qc,meta,tag_name,ts\n"
        '1e3,-2,"{""a"": 1}",T,2020-02-08 22:30:47.25+09:00\n'
        "2,,,T,2020-02-08T13:30:48Z\n"
    )
    assert list(samplefile.read(written(tmp_path, content))) == [
        NewSample(AT + timedelta(seconds=0.25), "T", 1000.0, -2, {"a": 1}),
        NewSample(AT + timedelta(seconds=1), "T", 2.0),
    ]


BAD = [
    ("2020-02-08T13:30:47,D1,1", "ts: '2020-02-08T13:30:47' has no time zone"),
    ("yesterday,D1,1", "ts: 'yesterday' is not a time with its zone such as"),
    ("0001-01-01T00:00:00+14:00,D1,1", "ts: '0001-01-01T00:00:00+14:00' is out of range"),
    ("2020-02-08T13:30:47Z,,1", "tag_name: must be a name"),
    ("2020-02-08T13:30:47Z,D1,", "value: '' is not a number"),
    ("2020-02-08T13:30:47Z,D1,x", "value: 'x' is not a number"),
    ("2020-02-08T13:30:47Z,D1,NaN", "value: 'NaN' is not a finite number"),
    ("2020-02-08T13:30:47Z,D1,1e999", "value: '1e999' is not a finite number"),
    (f"2020-02-08T13:30:47Z,{'D' * 201},1", "tag_name: 'DDDD"),
    ('2020-02-08T13:30:47Z,"D1,1', "is not CSV: unexpected end of data"),
    ('2020-02-08T13:30:47Z,"D1"x,1', "is not CSV: "),
    ("2020-02-08T13:30:47Z,D\x00,1", "tag_name: 'D\\x00' holds a NUL character"),
    ("2020-02-08T13:30:47Z,D\t,1", "tag_name: 'D\\t' holds a tab"),
    ("2020-02-08T13:30:47Z, D,1", "tag_name: ' D' has blanks around it"),
    ("2020-02-08T13:30:47Z,D1", "has 2 cells, the header 3"),
    (
        "2020-02-08T13:30:47Z,D1,1,2",
        "has 4 cells, the header 3; a file with decimal commas needs semicolons or tabs",
    ),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_line_is_named_and_the_next_is_read(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, f"{GOOD}{line}\n2020-02-08T13:30:48Z,D100,0.3\n")
    first, bad, last = samplefile.read(path)
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.reason.startswith(reason)) == (3, True), bad.reason
    assert isinstance(first, NewSample)
    assert last == NewSample(AT + timedelta(seconds=1), "D100", 0.3)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("99999,{}", "qc: 99999 must be from -32768 to 32767"),
        ("x,{}", "qc: 'x' is not a whole number"),
        ("0,[1]", "meta: '[1]' is not a JSON object"),
    ],
)
def test_bad_qc_and_meta_are_named(tmp_path: Path, cells: str, reason: str) -> None:
    path = written(tmp_path, f"{HEADER},qc,meta\n2020-02-08T13:30:47Z,D1,1,{cells}\n")
    (bad,) = samplefile.read(path)
    assert isinstance(bad, BadLine)
    assert bad.reason.startswith(reason)


MUST_BE = (
    "its first line must be ts,tag_name,value[,qc,meta], with commas, semicolons or tabs between "
    "them"
)
REFUSED = [
    (b"", "is empty; its first line must be ts,tag_name,value[,qc,meta]"),
    (f"{HEADER}\n", "has no samples"),
    ("2020-02-08T13:30:47Z,D100,0.2\n", f"{MUST_BE}, and is '2020-02-08T13:30:47Z,D100,0.2'"),
    ("ts,tag,value\n", f"{MUST_BE}, and is 'ts,tag,value'"),
    ("ts;tag;value\n", f"{MUST_BE}, and is 'ts;tag;value'"),
    ("ts,tag_name,,value\n", f"{MUST_BE}, and is 'ts,tag_name,,value'"),
    (f"{HEADER},unit\n", "its first line must be"),
    (f"{HEADER},value\n", "its first line must be"),
    (f"{HEADER}\n2020-02-08T13:30:47,D1,1\n", ":2 ts: '2020-02-08T13:30:47' has no time zone"),
    (b"\xff\xfe\x00", "its first line is not UTF-16 text"),
    (
        "시간,태그,값\n".encode("cp949"),
        "its first line is not UTF-8 text; save it as CSV UTF-8, or",
    ),
    ("시간,태그,값\n", f"{MUST_BE}, and is '시간,태그,값'"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "its first line is not UTF-8 text"),
    (b"\x7fELF\x02\x01\x01\x00", f"{MUST_BE}, and is"),
    (b"x" * 10_000_000, "its first line is longer than 1,048,576 bytes"),
    ('ts,"tag_name,value\n', f"{MUST_BE}, and is"),
    (gzip.compress(GOOD.encode() * 1000, mtime=0)[:60], "is damaged after line "),
    (b"\x1f\x8bno gzip at all", "is damaged after line "),
]


@pytest.mark.parametrize(("content", "reason"), REFUSED)
def test_a_file_that_cannot_be_replayed_is_refused_in_one_sentence(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        replay.check(path)
    assert caught.value.exit_code == 2
    assert reason in caught.value.message
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_line_too_long_or_not_utf8_spoils_itself_alone(tmp_path: Path) -> None:
    more = b"2020-02-08T13:30:48Z,D100,0.3\n"
    path = written(tmp_path, GOOD.encode() + b"x" * 10_000_000 + b"\n\xff,D1,1\n" + more)
    first, long, coded, last = samplefile.read(path)
    assert isinstance(long, BadLine)
    assert (long.line, long.reason, len(long.text)) == (3, "is longer than 1,048,576 bytes", 1000)
    assert isinstance(coded, BadLine)
    assert (coded.line, coded.reason.startswith("is not UTF-8 text; ")) == (4, True)
    assert isinstance(first, NewSample)
    assert last == NewSample(AT + timedelta(seconds=1), "D100", 0.3)


def test_how_far_a_file_is_read_is_reported_in_bytes_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(GOOD.encode()))
    with samplefile.opened(path) as file:
        assert file.columns == ["ts", "tag_name", "value"]
        assert len(list(file)) == 1
        assert file.position == file.size == path.stat().st_size


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        replay.check(tmp_path / "missing.csv")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        replay.check(tmp_path)


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    lines = "".join(f"2020-02-08T13:30:47Z,D{n % 1000},1\n" for n in range(100_000))
    path = written(tmp_path, gzip.compress(f"{HEADER}\n{lines}".encode()))
    tracemalloc.start()
    count = sum(1 for _ in samplefile.read(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2 * 2**20


def test_the_first_sample_of_a_file_is_shifted_to_the_present_second(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace(":47Z", ":47.75Z"))
    now = datetime(2026, 8, 14, 3, 7, 11, 500_000, tzinfo=UTC)
    shift = replay.shift_to(path, now)
    assert shift.first + shift.by == datetime(2026, 8, 14, 3, 7, 10, 750_000, tzinfo=UTC)
    assert shift.seconds == shift.by.total_seconds()
    assert f"{shift.seconds} s" in str(shift)


def test_a_replay_refuses_a_folder_of_the_simulator(tmp_path: Path) -> None:
    folder.claim(tmp_path, "simulator")
    folder.claim(tmp_path, "simulator")
    with pytest.raises(ConfigError, match="holds samples of the simulator; choose another folder"):
        folder.claim(tmp_path, "replay")
