"""Only the owner can read dumps, manifests and rejected lines; no image or commit has them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths

from ksys_app.ops.demo import session
from ksys_app.ops.files.rejects import Rejects
from ksys_app.ops.files.samplefile import BadLine
from ksys_app.ops.recovery import backup
from ksys_app.ops.schema import schema
from ksys_app.utils import private
from tests import docs

SECRETS = [
    *("plant.dump", "plant.dump.manifest.json", "plant.dump.partial", "data/old/plant.dump"),
    *("plant.dump.manifest.json.partial", "samples.csv.gz.rejected.csv", "stdin.rejected.csv"),
    *("data/x.rejected.csv", ".env", ".env.production", "docs/.env"),
]
# No pattern of .gitignore fits these names. The image has only the files that .dockerignore names.
OF_ANY_NAME = ["nightly", "EcoAnP.sql", "samples.csv.gz", "backups/monday", ".ksys/passwords.json"]


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("umask")
class TestOnlyTheOwnerReads:
    @pytest.mark.parametrize("exists", [False, True], ids=["new", "one that all may read"])
    def test_rejected_lines(self, tmp_path: Path, exists: bool) -> None:
        path = tmp_path / "a.rejected.csv"
        if exists:
            path.write_text("line,reason,text\n1,x,y\n")
            path.chmod(0o666)
        with Rejects(path) as rejects:
            rejects.add(BadLine(2, "has no time", "D100"))
        assert mode(path) == 0o600
        assert path.read_text("utf-8").splitlines()[1:] == ["# line 2: has no time", "D100"]

    @pytest.mark.parametrize("left", [False, True], ids=["new", "left by a run that was killed"])
    async def test_a_dump_from_its_first_byte_on(self, tmp_path: Path, left: bool) -> None:
        partial = tmp_path / "a.dump.partial"
        if left:
            partial.write_text("PGDMP")
            partial.chmod(0o644)
        private.create(partial)
        assert (mode(partial), partial.stat().st_size) == (0o600, 0)

    def test_a_manifest(self, tmp_path: Path) -> None:
        backup._write(tmp_path / "a.dump.manifest.json", "{}\n")
        assert mode(tmp_path / "a.dump.manifest.json") == 0o600


def test_a_device_keeps_its_mode() -> None:
    before = mode(Path(os.devnull))
    with Rejects(Path(os.devnull)) as rejects:
        rejects.add(BadLine(2, "has no time"))
    assert mode(Path(os.devnull)) == before


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's files by name, and secrets among them."""
    tracked = [str(path.relative_to(docs.ROOT)) for path in docs.files()]
    for name in (*tracked, *SECRETS, *OF_ANY_NAME):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_the_image_gets_what_it_needs_and_no_secret(project: Path) -> None:
    patterns = (docs.ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in patterns if line and not line.startswith("#")]
    sent = {str(name) for name in exclude_paths(str(project), patterns)}
    assert sent & {*SECRETS, *OF_ANY_NAME} == set()
    needed = {
        str(path.relative_to(docs.ROOT))
        for path in docs.files()
        for first in [path.relative_to(docs.ROOT).parts[0]]
        if first in {"assets", "data", "db", "docs", "ksys_app", "reflex.lock", "scripts"}
        or first in {"README.md", "pyproject.toml", "rxconfig.py", "uv.lock"}
    }
    assert needed - sent == set()


def test_git_takes_no_secret_and_all_that_is_the_projects(project: Path) -> None:
    (project / ".gitignore").write_bytes((docs.ROOT / ".gitignore").read_bytes())
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=project, check=True, capture_output=True, text=True,
    )  # fmt: skip
    listed_names = {name for name in listed.stdout.split("\0") if name}
    assert listed_names & set(SECRETS) == set()
    tracked = {str(path.relative_to(docs.ROOT)) for path in docs.files()}
    assert tracked - listed_names == set()


def test_a_demo_of_an_older_version_gets_the_password_of_a_new_role(tmp_path: Path) -> None:
    """The passwords that its database already has stay."""
    file = tmp_path / "passwords.json"
    file.write_text(json.dumps({"eco_ro": "one", "eco_rw": "two"}))
    passwords = session.passwords(tmp_path)
    assert (passwords["eco_ro"], passwords["eco_rw"]) == ("one", "two")
    assert set(passwords) == set(schema.ROLES)
    assert len(passwords["eco_op"] or "") >= 32
    assert session.passwords(tmp_path) == passwords
    assert file.stat().st_mode & 0o777 == 0o600
