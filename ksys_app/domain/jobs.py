"""The state of each job of the database, from its runs, and of all jobs together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from ksys_app.domain import upkeep

State = Literal["ok", "unknown", "overdue", "failing", "off", "missing"]
"""State of a job, the worst last.

``ok``: it runs in time. ``unknown``: it has no run and no date on which it was first seen.
``overdue``: its next run is late. ``failing``: its last run failed. ``off``: it is switched off.
``missing``: the database does not have a job that it must have.
"""
VERBS: Final = {
    "policy_refresh_continuous_aggregate": "refresh",
    "policy_compression": "compression",
    "policy_retention": "retention",
    "policy_reorder": "reorder",
}
# How late the server's background workers may be before a client runs the job.
PATIENCE: Final = timedelta(minutes=1)


class Run(NamedTuple):
    """One run of a job; ``ok`` is None while it is running."""

    started: datetime
    ok: bool | None
    error: str | None
    by: Literal["server", "client"]


@dataclass(frozen=True, slots=True)
class Job:
    """A row of ``db/verify/jobs.sql``: a job, its last run by the server, its last by a client.

    Attributes:
        proc_schema: schema of its procedure; a policy has the schema of TimescaleDB.
        relation_schema, relation: the table or view of a policy.
        calls: procedures of this product that the text of the job's own procedure names.
        runs: how often the server has run the job.
        initial_start: planned time of its first run; None for most policies.
        known_since: when ``ksys db init`` or a client first saw the job.
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
        """The name of the job, e.g. ``refresh influx_agg_1m``, without the schema ``public``."""
        verb = VERBS.get(self.proc_name)
        if verb and self.relation:
            return f"{verb} {_qualified(self.relation_schema, self.relation)}"
        return _qualified(self.proc_schema, self.proc_name)

    @property
    def is_ours(self) -> bool:
        """Whether this product is responsible for the job.

        That is a policy on a relation of this product, or a job that calls a procedure of this
        product. Any other job is not ours, whatever tables it reads.
        """
        if self.relation is not None:
            return self.relation_schema == "public" and self.relation in upkeep.RELATIONS
        own = self.proc_schema == "public" and self.proc_name in upkeep.PROCEDURES
        return own or bool(self.calls)

    @property
    def client_ok(self) -> bool | None:
        """Whether its last run by a client succeeded, None if no client has finished a run."""
        return None if self.client_finished is None else self.client_error is None

    @property
    def last(self) -> Run | None:
        """Its newest run, by the server or by a client; None if it never ran."""
        runs = []
        if self.server_started is not None:
            error = None if self.server_ok else self.server_error
            runs.append(Run(self.server_started, self.server_ok, error, "server"))
        if self.client_started is not None:
            runs.append(Run(self.client_started, self.client_ok, self.client_error, "client"))
        return max(runs, key=lambda run: run.started, default=None)

    def next_run(self, workers: bool) -> datetime:
        """When a client should run the job next.

        That is now if the job has never run and the server has no workers to run it.

        Args:
            workers: whether the database itself has background workers.
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
        """The state of the job. If the server fails, ``ok`` while a client runs the job in time."""
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
        """The time of its last success, by the server or by a client; None without a success."""
        return _latest(self.server_succeeded, self.client_finished if self.client_ok else None)

    @property
    def since(self) -> datetime | None:
        """When its last run started, else when the job was first found; None without either."""
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
    """The jobs of a database, compared with the jobs that it must have.

    Attributes:
        found: the required jobs that exist, by name.
        unexpected: jobs of this product that are not required, duplicates among them.
        others: jobs of other people, on their own tables or with their own procedures.
    """

    found: Mapping[str, Job]
    unexpected: Sequence[Job]
    others: Sequence[Job]

    @property
    def states(self) -> Mapping[str, State]:
        """Name to state of each required job."""
        return {
            name: self.found[name].state if name in self.found else "missing"
            for name in upkeep.JOBS
        }

    @property
    def last_success(self) -> datetime | None:
        """The last success of any required job, None if none has succeeded."""
        return _latest(*(job.succeeded for job in self.found.values()))

    def named(self, state: State) -> tuple[str, ...]:
        """The names of the jobs in a state."""
        return tuple(name for name, found in self.states.items() if found == state)

    @property
    def expected(self) -> int:
        """How many jobs the database must have."""
        return len(upkeep.JOBS)


def judge(jobs: Iterable[Job]) -> Judgement:
    """Divide jobs into required jobs, unexpected jobs and other jobs."""
    required: dict[str, list[Job]] = {}
    others: list[Job] = []
    for job in sorted(jobs, key=lambda job: job.job_id):
        if job.is_ours:
            required.setdefault(job.name, []).append(job)
        else:
            others.append(job)
    found: dict[str, Job] = {}
    for name, values in upkeep.EXPECTED.items():
        if same := required.get(name):
            # If there are duplicates, take the job with the right values, otherwise the oldest.
            found[name] = min(same, key=lambda job: bool(differences(job, values)))
            same.remove(found[name])
    return Judgement(found, [job for same in required.values() for job in same], others)


def differences(job: Job, values: upkeep.Values) -> list[str]:
    """The names of the attributes whose value differs from the required ``values``."""
    return [name for name, value in values.items() if getattr(job, name) != value]
