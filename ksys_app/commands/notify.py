"""``ksys notify``: messages about alarms."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ksys_app import log
from ksys_app.commands import terminal
from ksys_app.domain.timefmt import local_offset
from ksys_app.errors import BadParameter, ConfigError
from ksys_app.ops.alarms.outbox import LATE_S, OutboxStatus, status as read_status
from ksys_app.ops.stopping import stop_signal
from ksys_app.settings import Settings, secrets
from ksys_app.texts.alarm_messages import trial
from ksys_app.workers.notify.notifier import Notifier
from ksys_app.workers.notify.routes_file import read_routes
from ksys_app.workers.notify.send import NotSent, Sender

app = typer.Typer(
    no_args_is_help=True,
    help="Messages about alarms, by mail and webhook: send them, and see what does not go out.",
)


@app.command()
def run() -> None:
    """Send messages about alarms, on the routes of the file KSYS_ROUTES, until Ctrl-C.

    ksys alarms run notes which messages there are; it needs the same KSYS_ROUTES. This command
    sends them, tries again for 24 hours what a server does not take, and sends escalations while
    nobody acknowledges. Two of these programs share the work.

    Passwords and keys come from the environment, by the names in the file. It connects with
    TS_ALARM_DSN, the role eco_alarm, or else with TS_ADMIN_DSN.

    Example: ksys notify run
    """
    settings = terminal.settings()
    sender = _sender(settings)
    log.setup(settings.log_form, secrets() | {*sender.secrets.values()})
    terminal.run(_run(Notifier(settings.alarm_dsn(), sender, settings.zone)))


async def _run(notifier: Notifier) -> None:
    await notifier.run(stop_signal())


@app.command()
def test(route: Annotated[str, typer.Argument(help="The name of the route.")]) -> None:
    """Send a test message to each recipient of a route; exit 1 if one does not get it.

    It needs no database and raises no alarm.

    Example: ksys notify test day-shift
    """
    sender = _sender(terminal.settings())
    if route not in sender.routes.routes:
        names = ", ".join(sender.routes.routes)
        raise BadParameter(f"KSYS_ROUTES has no route {route!r}; it has {names}")
    if not terminal.run(_test(sender, route)):
        raise typer.Exit(1)


async def _test(sender: Sender, name: str) -> bool:
    route, all_sent = sender.routes.routes[name], True
    for recipient in route.recipients:
        now = datetime.now(UTC)
        try:
            await sender.send(route, recipient, trial(name, now, route.language), now)
        except NotSent as error:
            all_sent = False
            terminal.line(False, recipient, str(error))
        else:
            terminal.line(True, recipient, "sent")
    return all_sent


@app.command()
def status(
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which messages wait, were sent, fail, and were given up; exit 1 if something is wrong.

    Something is wrong if a message waits for more than 3 minutes, fails, or was given up in the
    last 24 hours; docs/runbooks/MESSAGES_NOT_SENT.md says what to do. It changes nothing. It
    connects with TS_ALARM_DSN, else with TS_ADMIN_DSN.

    Example: ksys notify status --json
    """
    found = terminal.run(read_status(terminal.settings().alarm_dsn()))
    if json_:
        terminal.as_json(asdict(found))
    else:
        _print(found)
    raise typer.Exit(0 if found.working else 1)


def _print(found: OutboxStatus) -> None:
    zone = terminal.settings().zone
    text = f"{found.waiting:,} due, the oldest for {found.oldest_s:.0f} s; {found.later:,} later"
    terminal.line(found.oldest_s <= LATE_S, "waiting", text)
    terminal.line(True, "sent", f"{found.sent_last_day:,} in the last 24 hours")
    for failing in found.trouble:
        text = f"{failing.count:,} tried up to {failing.attempts} times: {failing.error}"
        terminal.line(False, f"{failing.route} {failing.recipient}", text)
    for lost in found.given_up:
        last = "" if lost.ended_at is None else f", the last at {local_offset(lost.ended_at, zone)}"
        text = f"{lost.count:,} given up{last}: {lost.error}"
        terminal.line(False, f"{lost.route} {lost.recipient}", text)


def _sender(settings: Settings) -> Sender:
    routes = read_routes(settings.routes)
    if routes is None:
        raise ConfigError("KSYS_ROUTES is not set; it names the file with the routes of messages")
    return Sender.of(routes, os.environ)
