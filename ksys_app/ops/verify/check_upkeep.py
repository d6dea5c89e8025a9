"""Checks of policies, jobs, roles and privileges.

``wanted`` are the rows of the golden file for the same statement (:mod:`.golden`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from ksys_app.domain.jobs import Judgement, differences
from ksys_app.domain.upkeep import EXPECTED, INDICATORS_JOB
from ksys_app.ops.check import Check, Rows, days
from ksys_app.ops.jobs import job_sentences
from ksys_app.ops.keep import INDICATORS, POLICIES

OPTIONAL = ("eco_op", "eco_alarm")


def policies(jobs: Judgement, zone: ZoneInfo, unchanged: Collection[str] = ()) -> Iterator[Check]:
    """Check the offsets and the schedule of every required policy; then list unexpected ones.

    Args:
        jobs: the jobs of the database.
        zone: the display zone.
        unchanged: objects of the plant that were left unchanged.
    """
    for name, values in EXPECTED.items():
        job = jobs.found.get(name)
        if name == INDICATORS_JOB and INDICATORS in unchanged:
            yield Check(f"policy {name}", True, f"not needed: {INDICATORS} is the plant's own")
            continue
        if job is None:
            yield Check(f"policy {name}", False, "is missing; run ksys db init")
            continue
        wrong = [
            f"{key} is {_text(getattr(job, key))}, not {_text(values[key])}"
            for key in differences(job, values)
        ]
        fine = ", ".join(f"{key} {_text(value)}" for key, value in values.items())
        if wrong and name in unchanged:
            yield Check(f"policy {name}", True, f"no further back than samples: {'; '.join(wrong)}")
            continue
        if wrong and POLICIES in unchanged:
            yield Check(f"policy {name}", True, f"the plant's own policy stays: {'; '.join(wrong)}")
            continue
        detail = f"{'; '.join(wrong)}; run ksys db init" if wrong else fine
        yield Check(f"policy {name}", not wrong, detail)
    for job in jobs.unexpected:
        kind = "policy" if job.relation else "job"
        name = f"{kind} {job.name} ({job.job_id})"
        yield Check(name, False, job_sentences.unexpected(job, zone))


def _text(value: timedelta | int | None) -> str:
    return days(value) if isinstance(value, timedelta) else "none" if value is None else str(value)


def job_results(jobs: Judgement, zone: ZoneInfo) -> Iterator[Check]:
    """Check the last run of each required job; other jobs are only named."""
    for job in jobs.found.values():
        yield Check(f"job {job.name}", job.state == "ok", job_sentences.summary(job, zone))
    named = "; ".join(f"{job.name} (job {job.job_id})" for job in jobs.others)
    yield Check("job of others", True, named or "none")


def roles(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check that the roles exist, have no special rights, and have their session settings.

    ``eco_op`` has to log in only if users may change something on pages, and ``eco_alarm`` only
    if the alarm worker runs without the owner's DSN.
    """
    found = {row["name"]: row for row in rows}
    for role in wanted:
        name, settings = role["name"], role["settings"]
        row = found.get(name)
        if row is None:
            yield Check(f"role {name}", False, "is missing; run ksys db init")
            continue
        password = f"KSYS_{name[4:].upper()}_PASSWORD"
        purpose = "write samples" if name == "eco_rw" else "read for the pages"
        wrong = [f"lacks {setting}" for setting in settings if setting not in row["settings"]]
        if row["is_privileged"]:
            wrong.append("is a superuser or may create roles or databases")
        if not row["connects"]:
            wrong.append("may not connect")
        if not row["uses_schema"] and name != "eco_op":
            wrong.append("may not use schema public")
        if row["creates_in_schema"]:
            wrong.append("may create in schema public")
        if not row["can_log_in"] and name not in OPTIONAL:
            wrong.append(
                f"cannot log in, so nobody can {purpose}: give it a password ({password}, then "
                f"ksys db init), or grant it to the role that does (GRANT {name} TO …)"
            )
        if row["has_expired"]:
            wrong.append(f"its password has expired; ALTER ROLE {name} VALID UNTIL 'infinity'")
        fine = "can log in" if row["can_log_in"] else f"cannot log in ({password})"
        yield Check(f"role {name}", not wrong, "; ".join(wrong) or fine)


def privileges(rows: Rows, wanted: Rows) -> Iterator[Check]:
    """Check that each role has exactly the wanted privileges on each relation."""
    found = _privileges(rows)
    for (role, relation), expected in _privileges(wanted).items():
        actual = found.get((role, relation), frozenset())
        wrong = [f"may not {p}; run ksys db init" for p in sorted(expected - actual)]
        revoke = f"ON public.{relation} FROM {role}"
        wrong += [f"may {p}; REVOKE {p} {revoke}" for p in sorted(actual - expected)]
        detail = "; ".join(wrong) or ", ".join(sorted(actual))
        yield Check(f"privilege {role} {relation}", not wrong, detail)


def _privileges(rows: Rows) -> dict[tuple[str, str], frozenset[str]]:
    """Role and relation to the privileges of the role on the relation."""
    return {(row["role"], row["relation"]): frozenset(row["privileges"]) for row in rows}
