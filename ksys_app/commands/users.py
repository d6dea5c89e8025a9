"""``ksys user``: the people who may log in."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from ksys_app.commands import terminal
from ksys_app.domain.timefmt import local_offset
from ksys_app.errors import BadParameter, ConfigError
from ksys_app.models.access import Role, User
from ksys_app.ops.access import audit, users

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "The people who may log in, in the database at TS_ADMIN_DSN. Roles, ascending: viewer"
        " looks; operator also acknowledges alarms; engineer also changes rules; admin also manages"
        " users. Every change is recorded, see ksys audit."
    ),
)

Name = Annotated[str, typer.Argument(help="Name of the user; upper and lower case are equal.")]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from the first line of stdin."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Do it even if no admin is left who can log in.")
]


@app.command("add")
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    password_stdin: PasswordStdin = False,
    external: Annotated[
        bool,
        typer.Option("--external", help="No password: a proxy identifies this user (KSYS_AUTH)."),
    ] = False,
) -> None:
    """Add a user and ask for the password, twice and without showing it.

    Use it first for an admin: there is no default user. A password has at least 12 characters, and
    some words in a row are easy to remember. It never goes on the command line.

    Example: ksys user add kim --role admin

    Example: ksys user add lee --role operator --external
    """
    if external and password_stdin:
        raise BadParameter("a user with --external has no password; leave out --password-stdin")
    dsn = terminal.settings().admin_dsn()
    name = users.checked_name(name)
    password = None if external else _new_password(name, password_stdin)
    by = audit.actor()
    stored = terminal.run(users.add_user(dsn, name, role, password, by))
    terminal.out.print(f"{stored} can log in as {role}", markup=False)


@app.command("list")
def list_users(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the users with their roles; passwords are never shown.

    Example: ksys user list --json
    """
    settings = terminal.settings()
    found = terminal.run(users.users(settings.admin_dsn()))
    if json_:
        terminal.as_json([asdict(user) for user in found])
        return
    table = Table("name", "role", "logs in", "added", "changed", box=None)
    for user in found:
        times = (local_offset(ts, settings.zone) for ts in (user.created_at, user.changed_at))
        table.add_row(terminal.plain(user.name), user.role, _signs_in(user), *times)
    terminal.table(table)
    if not found:
        terminal.note("no users yet; begin with: ksys user add NAME --role admin")


@app.command("role")
def set_role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="The new role.")],
    force: Force = False,
) -> None:
    """Give a user another role. All sessions of the user end.

    Example: ksys user role lee engineer
    """
    dsn, by = terminal.settings().admin_dsn(), audit.actor()
    done = terminal.run(users.set_role(dsn, name, role, by, force=force))
    _print(done, f"is {role}")


@app.command("passwd")
def passwd(name: Name, password_stdin: PasswordStdin = False) -> None:
    """Give a user a new password. All sessions of the user end, and a lockout too.

    Example: ksys user passwd lee
    """
    dsn, by = terminal.settings().admin_dsn(), audit.actor()
    password = _new_password(name, password_stdin)
    _print(terminal.run(users.set_password(dsn, name, password, by)), "has a new password")


@app.command("disable")
def disable(name: Name, force: Force = False) -> None:
    """Keep a user from logging in, for example on leave. All sessions of the user end.

    Example: ksys user disable lee
    """
    dsn, by = terminal.settings().admin_dsn(), audit.actor()
    _print(terminal.run(users.disable(dsn, name, by, force=force)), "is disabled")


@app.command("enable")
def enable(name: Name) -> None:
    """Let a disabled user log in again, with the same password and role.

    Example: ksys user enable lee
    """
    dsn, by = terminal.settings().admin_dsn(), audit.actor()
    _print(terminal.run(users.enable(dsn, name, by)), "is enabled")


@app.command("remove")
def remove(name: Name, force: Force = False) -> None:
    """Remove a user. All sessions of the user end. The audit keeps the name.

    Example: ksys user remove lee
    """
    dsn, by = terminal.settings().admin_dsn(), audit.actor()
    _print(terminal.run(users.remove(dsn, name, by, force=force)), "is removed")


def _new_password(name: str, from_stdin: bool) -> str:
    """Read a password for ``name``: a line of standard input, or typed twice on the terminal.

    Raises:
        ConfigError: the password cannot be used, the two differ, or there is no terminal.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, err=True)
        users.check_password(password, name)
        if typer.prompt("The same again", hide_input=True, err=True) != password:
            raise ConfigError("the two passwords differ; nothing was changed")
    else:
        raise ConfigError("there is no terminal to ask for a password; use --password-stdin")
    users.check_password(password, name)
    return password


def _print(done: users.Changed, what: str) -> None:
    count = "1 session" if done.sessions == 1 else f"{done.sessions} sessions"
    ended = f"; {count} ended" if done.sessions else ""
    text = f"{what} already; nothing was changed" if done.already else f"{what}{ended}"
    terminal.out.print(f"{done.name} {text}", markup=False)


def _signs_in(user: User) -> str:
    if user.disabled:
        return "no, disabled"
    return "through a proxy" if user.external else "with a password"
