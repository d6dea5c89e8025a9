"""Checks of what keeps the schema alive: policies, jobs, roles and privileges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from ksys_app.ops import expected
from ksys_app.ops.check import Check, Rows, days
from ksys_app.ops.jobs import Job


def policies(jobs: Iterable[Job]) -> Iterator[Check]:
    """Every policy with its offsets and its schedule."""
    found = {job.name: job for job in jobs}
    wanted: dict[str, dict[str, timedelta | int]] = {}
    for name, (start, end, every, batch) in expected.REFRESH.items():
        wanted[f"refresh {name}"] = {
            "start_offset": start,
            "end_offset": end,
            "every": every,
            "batch": batch,
        }
    for name, columnar in expected.COMPRESSION.items():
        wanted[f"compression {name}"] = {
            "compress_after": columnar.after,
            "every": expected.COMPRESSION_EVERY,
        }
    wanted["retention influx_hist"] = {
        "drop_after": expected.RETENTION,
        "every": expected.RETENTION_EVERY,
    }
    wanted[expected.INDICATORS_JOB] = {"every": expected.INDICATORS_EVERY}
    for name, values in wanted.items():
        job = found.get(name)
        if job is None:
            yield Check(f"policy {name}", False, "is missing; run ksys db init")
            continue
        actual = {key: getattr(job, key) for key in values}
        wrong = [
            f"{key} is {_text(actual[key])}, not {_text(value)}"
            for key, value in values.items()
            if actual[key] != value
        ]
        fine = ", ".join(f"{key} {_text(value)}" for key, value in values.items())
        yield Check(f"policy {name}", not wrong, "; ".join(wrong) or fine)


def _text(value: timedelta | int | None) -> str:
    return days(value) if isinstance(value, timedelta) else "none" if value is None else str(value)


def job_results(jobs: Iterable[Job]) -> Iterator[Check]:
    """How each job's last run went."""
    return (Check(f"job {job.name}", job.ok, job.summary) for job in jobs)


def roles(rows: Rows) -> Iterator[Check]:
    """The two roles, unprivileged, with their session settings."""
    found = {row["name"]: row for row in rows}
    for name, settings in expected.ROLE_SETTINGS.items():
        row = found.get(name)
        if row is None:
            yield Check(f"role {name}", False, "is missing; run ksys db init")
            continue
        wrong = [f"lacks {setting}" for setting in settings if setting not in row["settings"]]
        if row["is_privileged"]:
            wrong.append("is a superuser or may create roles or databases")
        if not row["connects"]:
            wrong.append("may not connect")
        if not row["uses_schema"]:
            wrong.append("may not use schema public")
        if row["creates_in_schema"]:
            wrong.append("may create in schema public")
        fine = "can log in" if row["can_log_in"] else "cannot log in: no password was given"
        yield Check(f"role {name}", not wrong, "; ".join(wrong) or fine)


def privileges(rows: Rows) -> Iterator[Check]:
    """What each role may do with each relation: no less and no more."""
    found = {(row["role"], row["relation"]): frozenset(row["privileges"]) for row in rows}
    for role in expected.ROLE_SETTINGS:
        for relation in (*expected.TABLES, *expected.VIEWS):
            has = found.get((role, relation), frozenset())
            wanted = expected.privileges(role, relation)
            wrong = [f"may not {p}" for p in sorted(wanted - has)]
            wrong += [f"may {p}" for p in sorted(has - wanted)]
            detail = "; ".join(wrong) or ", ".join(sorted(has))
            yield Check(f"privilege {role} {relation}", not wrong, detail)
