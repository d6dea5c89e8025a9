"""Every failure of a command is one sentence and never a traceback."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ksys_app.commands import internal_errors
from ksys_app.db import connect
from ksys_app.errors import BuildFailed, ConfigError, SchemaDrift
from ksys_app.ops.files.rejects import Rejects
from ksys_app.ops.files.samplefile import BadLine
from ksys_app.ops.recovery import backup
from ksys_app.ops.serving.frontend import ensure_built
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.unit.test_frontend_build import project

SAMPLES = "ts,tag_name,value\n2026-08-01T00:00:00Z,HALF,1\n"
NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Run the block as another user, because root may open every file."""
    own = os.geteuid()
    os.seteuid(own or NOBODY)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.fixture
async def half(databases: TestDatabases) -> AsyncIterator[str]:
    """A database after an interrupted restore: it has tables and lacks other objects."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        for statement in (
            "ALTER TABLE public.influx_hist DROP CONSTRAINT influx_hist_pkey",
            "ALTER TABLE public.influx_qc_rule DROP CONSTRAINT influx_qc_rule_pkey",
            "DROP MATERIALIZED VIEW public.influx_agg_1d",
            "ALTER TABLE public.ingest_expectation DROP COLUMN slo_crit CASCADE",
        ):
            await conn.execute(statement)
    yield dsn
    await databases.drop(dsn)


async def test_a_half_restored_database_is_named_by_every_command(
    half: str, tmp_path: Path
) -> None:
    samples = tmp_path / "samples.csv"
    samples.write_text(SAMPLES)
    rejects = str(tmp_path / "bad.csv")
    for arguments in (
        ("qc", "sync"),
        ("qc", "sync", "data/qc/ingest_expectation.csv"),
        ("qc", "verify", "data/qc/ingest_expectation.csv"),
        ("db", "refresh"),
        ("db", "backfill", str(samples), "--reject", rejects),
        ("db", "status"),
        ("comm", "suggest"),
    ):
        words = [a if not a.startswith("data/") else str(ROOT / a) for a in arguments]
        code, _, err = await ksys(*words, TS_ADMIN_DSN=half)
        assert "Traceback" not in err, (arguments, err)
        assert "INTERNAL" not in err, (arguments, err)
        if code == 0:
            continue
        assert (code, len(err.strip().splitlines())) == (1, 1), (arguments, err)
        assert "ksys db" in err, arguments


def reject(path: Path, lines: int) -> None:
    with Rejects(path) as rejects:
        for line in range(lines):
            rejects.add(BadLine(line, "has no time", "x" * 100))


class TestFiles:
    async def test_a_dump_in_a_folder_without_rights(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        with as_nobody(), pytest.raises(ConfigError, match="cannot be written: Permission denied"):
            await backup.backup(
                "", closed / "plant.dump", zone=ZONE, on_stage=lambda *progress: None
            )

    @pytest.mark.parametrize("file", ["/", ".", "..", "folder"])
    async def test_a_dump_that_names_a_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        os.mkdir("folder")
        with pytest.raises(ConfigError, match="is a folder; name a file in it"):
            await backup.backup("", Path(file), zone=ZONE, on_stage=lambda *progress: None)

    @pytest.mark.parametrize("lines", [1, 5000], ids=["at its end", "in the middle"])
    def test_a_reject_file_on_a_disk_that_is_full(self, tmp_path: Path, lines: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            with pytest.raises(ConfigError, match="name another file with --reject"):
                reject(tmp_path / "bad.csv", lines)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    def test_a_reject_file_in_a_folder_without_rights(self, tmp_path: Path) -> None:
        (tmp_path / "closed").mkdir(mode=0o700)
        with as_nobody(), pytest.raises(ConfigError, match="Permission denied"):
            Rejects(tmp_path / "closed" / "bad.csv").add(BadLine(1, "has no time"))

    def test_pages_that_have_to_be_built_where_nothing_can_be_written(self, tmp_path: Path) -> None:
        root = project(tmp_path / "root")
        with as_nobody(), pytest.raises(BuildFailed, match=r"as the user who may write in"):
            ensure_built(root=root)
        (root / ".web").write_text("")
        with pytest.raises(BuildFailed, match=r"\.web/.*: Not a directory; run ksys build"):
            ensure_built(root=root)


def content_of(file: Path) -> str:
    text = file.read_text("utf-8")
    file.unlink()
    return text


class TestUnexpectedErrors:
    def sentence(self, monkeypatch: pytest.MonkeyPatch, folder: Path, error: Exception) -> str:
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        try:
            raise error
        except Exception as raised:
            return internal_errors.sentence(raised)

    def test_an_unexpected_error_is_one_sentence_and_its_trace_is_in_a_private_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        words = self.sentence(monkeypatch, tmp_path, KeyError("influx_agg_9m"))
        assert re.match(r"INTERNAL: unexpected error at test_no_traceback\.py:\d+: KeyError", words)
        (file,) = tmp_path.iterdir()
        assert str(file) in words
        assert "\n" not in words
        assert file.stat().st_mode & 0o777 == 0o600
        assert "Traceback (most recent call last)" in file.read_text()

    @pytest.mark.parametrize(
        "variables",
        [
            {"TS_DSN": "postgresql://u:p%40hunter2@h/d"},
            {"TS_ADMIN_DSN": "host=h password='p@hunter2'"},
            {"PGPASSWORD": "p@hunter2"},
            {"KSYS_RO_PASSWORD": "p@hunter2"},
        ],
        ids=lambda variables: next(iter(variables)),
    )
    def test_neither_sentence_nor_trace_has_a_secret(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str]
    ) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (value,) = variables.values()
        words = self.sentence(monkeypatch, tmp_path, ValueError(f"{value} and p@hunter2\nmore"))
        (file,) = tmp_path.iterdir()
        assert "hunter2" not in words + file.read_text()

    def test_neither_has_a_secret_of_the_settings_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "traces").mkdir()
        (tmp_path / ".env").write_text("TS_DSN=postgresql://u:p%40hunter2@h/d\n")
        words = self.sentence(monkeypatch, tmp_path / "traces", ValueError("p%40hunter2 p@hunter2"))
        (file,) = (tmp_path / "traces").iterdir()
        assert words.endswith("INTERNAL.md")
        assert "p@hunter2" not in words + file.read_text()

    def test_a_trace_that_cannot_be_written_is_reported(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        words = self.sentence(monkeypatch, tmp_path / "missing", ValueError("x" * 10_000))
        assert words.endswith("the traceback could not be written (No such file or directory)")
        assert len(words) < 400

    def test_of_a_group_the_first_error_is_reported(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        group = ExceptionGroup("tasks", [ExceptionGroup("more", [KeyError("lost")]), ValueError()])
        assert ": KeyError: 'lost'; the traceback" in self.sentence(monkeypatch, tmp_path, group)

    async def test_a_command_with_an_unexpected_error_ends_with_one_sentence(
        self, tmp_path: Path
    ) -> None:
        # No system call takes a name with a NUL, and the option does not check it.
        code, out, err = await ksys("db", "backfill", "a\0b", TS_ADMIN_DSN="host=h")
        assert (code, out) == (1, "")
        assert err.startswith("error: INTERNAL: unexpected error at ")
        assert len(err.strip().splitlines()) == 1
        (trace,) = re.findall(r"/\S+/ksys-\S+\.log", err)
        assert "ValueError: " in content_of(Path(trace))

    def test_an_error_of_ours_in_a_group_stays_ours(self) -> None:
        drift = SchemaDrift("the database lacks a table")
        group = ExceptionGroup("tasks", [ExceptionGroup("more", [KeyError(1), drift])])
        assert internal_errors.find_ksys_error(group) is drift
        assert internal_errors.find_ksys_error(ExceptionGroup("tasks", [KeyError(1)])) is None
