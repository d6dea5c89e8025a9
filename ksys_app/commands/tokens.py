"""``ksys token``: tokens with which programs use the HTTP API."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from ksys_app.commands import terminal
from ksys_app.domain.access import life
from ksys_app.domain.timefmt import local_offset
from ksys_app.errors import BadParameter
from ksys_app.models.access import Role, Token
from ksys_app.ops.access import audit, tokens

app = typer.Typer(
    no_args_is_help=True,
    help="Tokens with which programs use the HTTP API, in the database at TS_ADMIN_DSN.",
)
Name = Annotated[str, typer.Argument(help="Name of the token.")]


@app.command("create")
def create(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the program may do; most need viewer.")],
    expires: Annotated[
        str, typer.Option(help="How long it is valid: hours, days or weeks, at most two years.")
    ] = "90d",
) -> None:
    """Create a token and print it, alone on standard output. Nobody can show it again.

    A program sends it as: Authorization: Bearer TOKEN. The database keeps only its hash. The name
    of a token that expired or was revoked can be used again.

    Example: ksys token create grafana --role viewer --expires 90d
    """
    span = life(expires)
    if span is None:
        raise BadParameter(f"--expires {expires!r} is no time from 1h to 731d, e.g. 90d or 26w")
    settings, by = terminal.settings(), audit.actor()
    token = terminal.run(tokens.create_token(settings.admin_dsn(), name, role, span, by))
    print(token.secret)
    until = local_offset(token.expires_at, settings.zone)
    terminal.note(f"valid until {until}; store it now, it cannot be shown again")


@app.command("list")
def list_tokens(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the tokens, with their last use; the tokens themselves are never shown.

    Example: ksys token list
    """
    settings = terminal.settings()
    found = terminal.run(tokens.tokens(settings.admin_dsn()))
    if json_:
        terminal.as_json([asdict(token) for token in found])
        return
    table = Table("name", "role", "state", "last used", "created by", box=None)
    for token in found:
        used = "never" if token.used_at is None else local_offset(token.used_at, settings.zone)
        state = _state(token, datetime.now(UTC), settings.zone)
        by = terminal.plain(token.created_by)
        table.add_row(terminal.plain(token.name), token.role, state, used, by)
    terminal.table(table)


@app.command("revoke")
def revoke(name: Name) -> None:
    """Revoke a token. From now on it is refused.

    Example: ksys token revoke grafana
    """
    dsn, by = terminal.settings().admin_dsn(), audit.actor()
    done = terminal.run(tokens.revoke(dsn, name, by))
    text = "is revoked" if done else "was revoked before; nothing was changed"
    terminal.out.print(f"{name.strip()} {text}", markup=False)


def _state(token: Token, now: datetime, zone: ZoneInfo) -> str:
    if token.revoked_at is not None:
        return f"revoked {local_offset(token.revoked_at, zone)}"
    word = "expired" if token.expires_at <= now else "valid until"
    return f"{word} {local_offset(token.expires_at, zone)}"
