"""``ksys alarms replay`` over files (PRD §32.2)."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ksys_app.domain.alarms.sources import Sources, journal_order, with_source_rows
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import moment
from ksys_app.errors import ConfigError, NoRows
from ksys_app.models.alarms import ProcessEvent
from ksys_app.ops.alarms import from_files
from ksys_app.ops.alarms.from_files import Files, Listener
from ksys_app.ops.alarms.journal_file import JournalFile
from ksys_app.ops.alarms.replay import Counts
from ksys_app.ops.files.dialect import Reading
from ksys_app.ops.files.textlines import BadLine
from ksys_app.ops.masterdata import qc_csv
from ksys_app.ops.masterdata.qc_table import RULES
from tests.ksys import ksys
from tests.unit.alarms import disturbed

START = datetime(2025, 8, 15, tzinfo=UTC)
RULE = (
    "tag_name,min_val,max_val,max_step,max_gap_seconds,allow_negative,enabled,meta,warn_min,"
    "warn_max,crit_min,crit_max,roc_max_per_min,spike_zscore,deadband_pct\n"
    "D100,0,200,,60,,true,,,180,,190,,,1\n"
    "D200,0,200,,60,,true,,,180,,190,,,1\n"
    "OFF,0,200,,60,,false,,,180,,190,,,1\n"
)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


class Folder:
    """Files of a replay in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bad: list[BadLine] = []
        self.write("rules.csv", RULE)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def samples(self, *rows: tuple[float, str, object]) -> Path:
        lines = [f"{at(seconds)},{tag},{value}\n" for seconds, tag, value in rows]
        return self.write("samples.csv", "ts,tag_name,value\n" + "".join(lines))

    def replay(self, until: datetime | None = None, settings: Path | None = None) -> Counts:
        samples = next(self.folder.glob("samples.csv*"))
        out, rules = self.folder / "journal.csv", self.folder / "rules.csv"
        files = Files(samples, rules, settings, out, Reading(without_value=True))
        return from_files.replay(files, until, Listener(lambda *_: None, self.bad.append))

    def journal(self) -> list[list[str]]:
        with (self.folder / "journal.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))[1:]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_an_excursion_is_one_episode_with_times_of_its_own(folder: Folder) -> None:
    folder.samples((0, "D100", 185), (20, "D100", 100), (55, "D100", 100))
    counts = folder.replay()
    assert folder.journal() == [
        [at(10), "D100", "HIGH", "H", at(10), "RAISE", "185", "180"],
        [at(50), "D100", "HIGH", "H", at(10), "CLEAR", "100", "180"],
    ]
    assert (counts.samples, counts.raised["HIGH"]) == (3, 1)


def test_the_journal_is_ordered_by_time_tag_and_condition(folder: Folder) -> None:
    folder.samples((0, "D200", 195), (0, "D100", 195), (30, "D200", 195), (30, "D100", 250))
    folder.replay(START + timedelta(seconds=45))
    assert [row[:4] + row[5:6] for row in folder.journal()] == [
        [at(5), "D100", "HIGH", "HH", "RAISE"],
        [at(5), "D200", "HIGH", "HH", "RAISE"],
        [at(40), "D100", "HIGH", "HH", "SUPPRESS"],
        [at(40), "D100", "INSTR", "RANGE", "RAISE"],
    ]


def test_rows_that_wait_in_files_are_sorted_with_the_others(tmp_path: Path) -> None:
    def row(ts: int, tag: str) -> ProcessEvent:
        return ProcessEvent(ts, tag, "HIGH", "H", ts, "RAISE", None, 1.5, 3, "GOOD")

    with JournalFile(tmp_path / "j.csv", run_rows=2) as journal:
        for tag in ("B", "A", "C"):
            journal.add([row(ts, tag) for ts in (0, 5, 5)])
    lines = (tmp_path / "j.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [line.split(",")[1] for line in lines] == ["A", "B", "C", "A", "A", "B", "B", "C", "C"]


def test_settings_replace_the_defaults_of_their_condition(folder: Folder) -> None:
    folder.samples((0, "D100", 185), (3, "D100", 185))
    settings = folder.write(
        "a.csv", "tag_name,condition,priority,on_delay_s,off_delay_s,latch\nD100,HIGH,1,2,,true\n"
    )
    folder.replay(settings=settings)
    assert [row[0] for row in folder.journal()] == [at(2)]


def test_the_clock_ends_at_until(folder: Folder) -> None:
    folder.samples((0, "D100", 100), (90, "D200", 100), (4e9, "D200", 300))
    counts = folder.replay(until=START + timedelta(seconds=100))
    assert counts.ahead == 1
    assert [row[0:3] + row[5:] for row in folder.journal()] == [
        [at(60), "D100", "GAP", "RAISE", "60", "60"],
        [at(90), "D200", "", "CLOCK", "300", ""],
    ]


def test_a_sample_without_a_value_is_a_bad_sample(folder: Folder) -> None:
    folder.samples((0, "D100", ""), (5, "D100", "NaN"), (10, "D100", "-inf"), (11, "D100", "1e101"))
    assert folder.replay().bad == 4
    assert [row[2:6] for row in folder.journal()] == [["INSTR", "BAD", at(10), "RAISE"]]


def test_an_alarm_that_nobody_acknowledged_is_superseded(folder: Folder) -> None:
    folder.samples(*[(n * 40, "D100", value) for n, value in enumerate([185, 1, 185, 1, 1])])
    folder.replay()
    assert [(row[0], row[4], row[5]) for row in folder.journal()] == [
        (at(10), at(10), "RAISE"),
        (at(70), at(10), "CLEAR"),
        (at(90), at(10), "SUPERSEDED"),
        (at(90), at(90), "RAISE"),
        (at(150), at(90), "CLEAR"),
    ]


def test_bad_lines_are_named_and_skipped(folder: Folder) -> None:
    path = folder.samples((0, "D100", 185), (1, "D100", "rubbish"), (12, "D100", 185))
    path.write_text(path.read_text() + "1980-01-01T00:00:00Z,D100,1\n")
    counts = folder.replay()
    assert counts.samples == 2
    assert [bad.line for bad in folder.bad] == [3, 5]


def test_tags_without_a_rule_that_is_on_are_named(folder: Folder) -> None:
    folder.samples((0, "D100", 1), (0, "OFF", 500), (0, "NEW", 500))
    assert folder.replay().without_rule == {"OFF", "NEW"}


def test_a_compressed_file_gives_the_same_journal(folder: Folder) -> None:
    path = folder.samples((0, "D100", 185), (20, "D100", 185))
    folder.replay()
    plain = folder.journal()
    (folder.folder / "samples.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    folder.replay()
    assert folder.journal() == plain


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("D100,HGIH,1,,", "'HGIH' is none of HIGH, LOW, INSTR, GAP, STEP, RATE, SPIKE"),
        ("D100,HIGH,5,,", "5 must be from 1 to 4"),
        ("D100,HIGH,,-1,", "-1 must be from 0 to"),
        ("D100,HIGH,,,x", "'x' is not a number"),
        (",HIGH,,,", "tag_name: "),
        ("D100,HIGH,,,\nD100,HIGH,,,", "is already on a line above"),
        ("D100,HIGH", "has 2 cells, its first line 5"),
    ],
)
def test_wrong_settings_are_named_by_file_and_line(folder: Folder, line: str, what: str) -> None:
    folder.samples((0, "D100", 185))
    text = f"tag_name,condition,priority,on_delay_s,off_delay_s\n{line}\n"
    with pytest.raises(ConfigError, match=r"a\.csv:[23]") as error:
        folder.replay(settings=folder.write("a.csv", text))
    assert what in error.value.message
    assert not (folder.folder / "journal.csv").exists()


def test_settings_need_the_names_of_their_columns(folder: Folder) -> None:
    folder.samples((0, "D100", 185))
    with pytest.raises(ConfigError, match="its first line must have tag_name and condition"):
        folder.replay(settings=folder.write("a.csv", "tag_name,delay\nD100,1\n"))


def test_a_file_without_a_sample_writes_no_journal(folder: Folder) -> None:
    folder.samples((0, "D100", "rubbish"))
    with pytest.raises(NoRows, match="is a sample"):
        folder.replay()
    assert not (folder.folder / "journal.csv").exists()


def test_the_file_has_what_the_machines_of_its_tags_write(folder: Folder) -> None:
    all_series = [disturbed.series(seed, 300) for seed in range(20)]
    until = disturbed.until(all_series)
    rules = [one.rule for one in all_series]
    folder.write("rules.csv", qc_csv.text(rules, RULES))
    lines, settings = ["ts,tag_name,value,qc"], ["tag_name,condition,on_delay_s,off_delay_s"]
    events: list[ProcessEvent] = []
    for one in all_series:
        settings += [
            f"{one.rule.tag_name},{name},{of.on_delay_s},{of.off_delay_s}".replace("None", "")
            for name, of in one.settings.items()
        ]
        machine = TagMachine(one.rule.tag_name, one.rule, one.settings)
        for ts, value, qc in one.samples:
            lines.append(f"{moment(ts).isoformat()},{one.rule.tag_name},{value!r},{qc}")
            if ts > until + 60_000_000:
                machine.feed_ahead(value)
            else:
                machine.feed(ts, value, qc)
        machine.advance(until)
        events += machine.take()
    folder.write("samples.csv", "\n".join(lines))
    folder.replay(moment(until), folder.write("a.csv", "\n".join(settings)))
    found = [
        (datetime.fromisoformat(row[0]), row[1], row[2], row[5], row[3])
        for row in folder.journal()
        if row[5] != "SUPERSEDED"
    ]
    expected = with_source_rows(sorted(events, key=journal_order), Sources(rules), until)
    assert found == [
        (moment(row.ts_us), row.tag_name, row.condition, row.event, row.level) for row in expected
    ]
    assert {row[3] for row in found if row[2] == "SOURCE_LOST"} == {"RAISE", "CLEAR"}
    assert len(found) > 500


async def test_the_command_says_what_it_judged(folder: Folder) -> None:
    samples = folder.samples((0, "D100", 185), (20, "D100", "rubbish"), (30, "D100", 185))
    out = folder.folder / "journal.csv"
    code, out_text, err_text = await ksys(
        *("alarms", "replay", "--samples", str(samples), "--out", str(out)),
        *("--rules", str(folder.folder / "rules.csv"), "--until", "2025-08-15T09:00:40+09:00"),
    )
    assert code == 0
    assert "samples   2 judged, of 1 tags" in out_text
    assert "raised    1 alarms: HIGH 1" in out_text
    assert "samples.csv:3 value: 'rubbish' is not a number" in err_text
    assert [row[0] for row in folder.journal()] == [at(10)]


async def test_the_command_refuses_a_time_that_is_none(folder: Folder) -> None:
    samples = folder.samples((0, "D100", 185))
    code, _, err_text = await ksys(
        *("alarms", "replay", "--samples", str(samples), "--out", str(folder.folder / "j.csv")),
        *("--rules", str(folder.folder / "rules.csv"), "--until", "noon"),
    )
    assert code == 2
    assert "--until 'noon' is no time such as" in err_text


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "give the samples to judge: --samples FILE, or --from TIME"),
        (("--samples", "s.csv", "--from", "2025-08-15"), "give the samples to judge"),
        (("--samples", "s.csv"), "--samples needs --rules"),
        (("--samples", "s.csv", "--to", "2025-08-15"), "--to and --tag need --from"),
        (("--from", "2025-08-15", "--until", "2025-08-16"), "--until needs --samples"),
    ],
)
async def test_arguments_that_do_not_belong_together_are_refused(
    arguments: tuple[str, ...], what: str
) -> None:
    code, _, err_text = await ksys("alarms", "replay", "--out", "j.csv", *arguments)
    assert code == 2
    assert what in err_text
