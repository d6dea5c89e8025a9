"""How the jobs of the database are: what each one's runs say, and what all of them come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from ksys_app.domain import upkeep

State = Literal["ok", "unknown", "overdue", "failing", "off", "missing"]
"""Of a job, the worst last: it runs; nobody knows since when; late; failed last; switched off; the
database must have it and has not."""
VERBS: Final = {
    "policy_refresh_continuous_aggregate": "refresh",
    "policy_compression": "compression",
    "policy_retention": "retention",
    "policy_reorder": "reorder",
}
# What the server's workers may be late before a client steps in.
PATIENCE: Final = timedelta(minutes=1)


class Run(NamedTuple):
    """A job's run; ``ok`` is None while it is running."""

    started: datetime
    ok: bool | None
    error: str | None
    by: Literal["server", "client"]


@dataclass(frozen=True, slots=True)
class Job:
    """A row of ``db/verify/jobs.sql``: a job and its last run by either side.

    Attributes:
        proc_schema: schema of its procedure; that of TimescaleDB where it is a policy.
        relation_schema, relation: what a policy is about.
        calls: procedures of ours that the text of its own procedure names.
        runs: how often the server has run it.
        initial_start: when it was to run first; None of most policies.
        known_since: when ``ksys db init`` or a client first saw it.
        now: the database's clock.
    """

    job_id: int
    proc_schema: str
    proc_name: str
    relation_schema: str | None
    relation: str | None
    every: timedelta
    scheduled: bool
    start_offset: timedelta | None
    end_offset: timedelta | None
    batch: int | None
    compress_after: timedelta | None
    drop_after: timedelta | None
    calls: list[str]
    runs: int
    running: bool
    initial_start: datetime | None
    server_started: datetime | None
    server_succeeded: datetime | None
    server_ok: bool | None
    server_next: datetime | None
    server_error: str | None
    known_since: datetime | None
    client_started: datetime | None
    client_finished: datetime | None
    client_error: str | None
    now: datetime

    @property
    def name(self) -> str:
        """What it does, e.g. ``refresh influx_agg_1m``; outside ``public`` with its schema."""
        verb = VERBS.get(self.proc_name)
        if verb and self.relation:
            return f"{verb} {_qualified(self.relation_schema, self.relation)}"
        return _qualified(self.proc_schema, self.proc_name)

    @property
    def is_ours(self) -> bool:
        """Whether it works on a relation of ours as a policy, or runs a procedure of ours.

        A job with a procedure of its own is somebody else's, whatever tables it reads.
        """
        if self.relation is not None:
            return self.relation_schema == "public" and self.relation in upkeep.RELATIONS
        own = self.proc_schema == "public" and self.proc_name in upkeep.PROCEDURES
        return own or bool(self.calls)

    @property
    def client_ok(self) -> bool | None:
        """How its last run from a client went."""
        return None if self.client_finished is None else self.client_error is None

    @property
    def last(self) -> Run | None:
        """Its newest run by either side."""
        runs = []
        if self.server_started is not None:
            error = None if self.server_ok else self.server_error
            runs.append(Run(self.server_started, self.server_ok, error, "server"))
        if self.client_started is not None:
            runs.append(Run(self.client_started, self.client_ok, self.client_error, "client"))
        return max(runs, key=lambda run: run.started, default=None)

    def next_run(self, workers: bool) -> datetime:
        """When it is due for a client: at once if nobody ever ran it and nobody else will.

        Args:
            workers: whether the database has background workers of its own.
        """
        if self.server_ok is False:
            done = _latest(self.client_started, self.server_succeeded)
            return self.now if done is None else done + self.every
        done = _latest(self.client_started, self.server_started)
        if not workers:
            return self.now if done is None else done + self.every
        late = min(self.every, timedelta(minutes=10)) + PATIENCE
        return (done or self.known_since or self.now) + self.every + late

    def is_due(self, workers: bool) -> bool:
        """Whether a client should run it now."""
        return self.scheduled and not self.running and self.next_run(workers) <= self.now

    @property
    def state(self) -> State:
        """What its runs say.

        A failing server is no trouble while a client runs the job in time.
        """
        if not self.scheduled:
            return "off"
        since = self.since
        if since is None:
            return "unknown"
        if self.last is not None and self.last.ok is False and not self._client_covers():
            return "failing"
        return "overdue" if self.now - since > upkeep.patience(self.every) else "ok"

    @property
    def succeeded(self) -> datetime | None:
        """When it ended well last, by either side."""
        return _latest(self.server_succeeded, self.client_finished if self.client_ok else None)

    @property
    def since(self) -> datetime | None:
        """Since when its next run is waited for, None of a job that nobody knows."""
        return self.last.started if self.last else self.known_since

    def _client_covers(self) -> bool:
        if not self.client_ok or self.client_started is None:
            return False
        return self.now - self.client_started <= self.every + PATIENCE


def _latest(*times: datetime | None) -> datetime | None:
    return max((t for t in times if t is not None), default=None)


def _qualified(schema: str | None, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The jobs of a database against those that it must have.

    Attributes:
        found: those of them that are there, by name.
        unexpected: jobs of ours that nobody expects, doubles among them.
        others: those of other people: their tables, their procedures.
    """

    found: Mapping[str, Job]
    unexpected: Sequence[Job]
    others: Sequence[Job]

    @property
    def states(self) -> Mapping[str, State]:
        """Name to state of each job that there must be."""
        return {
            name: self.found[name].state if name in self.found else "missing"
            for name in upkeep.JOBS
        }

    @property
    def last_success(self) -> datetime | None:
        """When one of them ended well last, None if none ever did."""
        return _latest(*(job.succeeded for job in self.found.values()))

    def named(self, state: State) -> tuple[str, ...]:
        """The names of the jobs in a state."""
        return tuple(name for name, found in self.states.items() if found == state)

    @property
    def expected(self) -> int:
        """How many jobs the database must have."""
        return len(upkeep.JOBS)


def judge(jobs: Iterable[Job]) -> Judgement:
    """Which jobs are as expected, which are missing, not expected or somebody else's."""
    ours: dict[str, list[Job]] = {}
    others: list[Job] = []
    for job in sorted(jobs, key=lambda job: job.job_id):
        if job.is_ours:
            ours.setdefault(job.name, []).append(job)
        else:
            others.append(job)
    found: dict[str, Job] = {}
    for name, values in upkeep.WANTED.items():
        if same := ours.get(name):
            # Of two the one with the right values is ours, else the older one.
            found[name] = min(same, key=lambda job: bool(differences(job, values)))
            same.remove(found[name])
    return Judgement(found, [job for same in ours.values() for job in same], others)


def differences(job: Job, values: upkeep.Values) -> list[str]:
    """The attributes in which a job differs from what it should be."""
    return [name for name, value in values.items() if getattr(job, name) != value]
