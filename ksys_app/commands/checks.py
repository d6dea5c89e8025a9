"""``ksys check``: checks the environment and its databases, or an address as a browser sees it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from ksys_app import __version__
from ksys_app.commands import terminal
from ksys_app.errors import KsysError
from ksys_app.ops import connections
from ksys_app.ops.check import headline
from ksys_app.ops.verify import judgement, status as statuses
from ksys_app.security import Finding, check_environment
from ksys_app.settings import ENV_FILE, Settings


def environment(*, offline: bool) -> None:
    """Run every check of the environment and, unless ``offline``, of its databases."""
    settings = terminal.settings()
    file = Path(ENV_FILE)
    findings = check_environment(settings, file.stat().st_mode if file.is_file() else None)
    _print_findings(
        [*_surroundings(file), *findings] if offline else _with_databases(settings, findings)
    )


def address(url: str, authority: Path | None) -> None:
    """Check an address; exit 1 if a check fails."""
    from ksys_app.ops.serving import address

    _print_findings(address.look(url, authority))


def _surroundings(file: Path) -> Iterator[Finding]:
    system = f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    yield Finding("version", True, f"ksys {__version__}, {system}")
    where = f"and {file.absolute()}" if file.is_file() else f"alone; there is no {file.absolute()}"
    yield Finding("settings", True, f"from the environment {where}")


def _with_databases(settings: Settings, findings: list[Finding]) -> Iterator[Finding]:
    yield from _surroundings(Path(ENV_FILE))
    yield from findings
    # Skip a DSN that is still the example.
    usable = {finding.name for finding in findings if finding.ok}
    dsns: dict[connections.Variable, str | None] = {
        "TS_DSN": settings.ts_dsn,
        "TS_OPERATOR_DSN": settings.ts_operator_dsn,
        "TS_ALARM_DSN": settings.ts_alarm_dsn,
        "TS_ADMIN_DSN": settings.ts_admin_dsn,
    }
    found: dict[connections.Variable, connections.Facts] = {}
    for variable, dsn in dsns.items():
        if dsn is not None and variable in usable:
            work = connections.look(variable, dsn, production=settings.app_env == "production")
            result = terminal.run(work)
            yield from result.findings
            if result.facts is not None:
                found[variable] = result.facts
            if variable == "TS_ADMIN_DSN" and result.has_schema:
                yield terminal.run(_state(dsn, settings))
    if settings.auth == "oidc" and settings.oidc_issuer:
        # Import here: its libraries take a third of a second to load.
        from ksys_app.ops import identity_provider

        yield terminal.run(identity_provider.look(settings))
    app = found.pop("TS_DSN", None)
    for variable, facts in found.items():
        if app is not None:
            yield connections.same_database(app, facts, variable)


def _print_findings(findings: Iterable[Finding]) -> None:
    """Print each finding at once; the worst finding decides the exit code.

    A failed check is worse than an unreachable database, because it has to be fixed first.
    """
    codes = {0}
    for finding in findings:
        terminal.line(finding.ok, finding.name, finding.detail, fatal=finding.strict)
        if finding.strict and not finding.ok:
            codes.add(finding.exit_code)
    raise typer.Exit(1 if 1 in codes else max(codes))


async def _state(dsn: str, settings: Settings) -> Finding:
    """The first line of ksys db status, as a warning, because it is not about the settings."""
    try:
        state = await statuses.status(dsn, settings.tz)
    except KsysError as error:
        code = 3 if error.exit_code == 3 else 1
        return Finding("database state", False, error.message, exit_code=code)
    wrong = judgement.problems(state, state.server.now, settings.zone)
    verdict = headline(wrong)
    detail = f"{verdict}; see ksys db status" if wrong else verdict
    return Finding("database state", not wrong, detail, strict=False)
