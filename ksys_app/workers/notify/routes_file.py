"""Reads the routes file, ``KSYS_ROUTES`` (PRD §32.10)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ksys_app.errors import ConfigError
from ksys_app.models.notify import Language, MailServer, Route, Routes

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _address(text: str) -> str:
    if not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", text) or set(text) & set(",;<>\"'"):
        raise ValueError(f"{text!r} is no mail address such as shift@plant.example")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[!-~]+", text):
        raise ValueError("give an address that begins with https:// or http://")
    return text


def _hours(text: str) -> str:
    found = _HOURS.fullmatch(text)
    if not found or found.group(1, 2) == found.group(3, 4):
        raise ValueError(f"{text!r} are no hours such as 06:00-22:00")
    return text


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) or text.upper().startswith(
        ("KSYS_", "TS_")
    ):
        raise ValueError(f"{text!r} is no name such as SMTP_PASSWORD; KSYS_ and TS_ are settings")
    return text


Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[str, AfterValidator(_url)]
Variable = Annotated[str, AfterValidator(_variable)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Smtp(_Table):
    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    sender: Address = Field(alias="from")
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_env: Variable | None = None


class _Heartbeat(_Table):
    url: Url


class _Route(_Table):
    name: Name
    kind: Literal["smtp", "webhook"]
    recipients: list[Address] = Field(default=[], max_length=100)
    url: Url | None = None
    key_env: Variable | None = None
    priorities: list[Annotated[int, Field(ge=1, le=3)]] = Field(default=[1, 2, 3], min_length=1)
    groups: list[str] = []
    hours: Annotated[str, AfterValidator(_hours)] | None = None
    weekdays: list[Literal[DAYS]] = Field(default=[*DAYS], min_length=1)  # type: ignore[valid-type]
    on: list[Literal["raise", "clear"]] = ["raise", "clear"]
    escalate_after_s: float | None = Field(default=None, ge=1, le=86_400, strict=False)
    escalate_to: Name | None = None
    digest: bool = True
    language: Language | None = None


class _File(_Table):
    language: Language = "en"
    smtp: _Smtp | None = None
    heartbeat: _Heartbeat | None = None
    route: list[_Route] = Field(min_length=1, max_length=100)


def read_routes(path: Path | None) -> Routes | None:
    """The routes of a file; None without a file.

    Raises:
        ConfigError: the file cannot be read or has errors; the message names all of them.
    """
    if path is None:
        return None
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        file = _File.model_validate(content)
    except OSError as error:
        raise ConfigError(f"KSYS_ROUTES: {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"KSYS_ROUTES: {path} is no TOML: {error}") from None
    except ValidationError as error:
        wrong = [_sentence(content, dict(found)) for found in error.errors()]
        raise ConfigError(f"KSYS_ROUTES: {path}: {'; '.join(wrong)}") from None
    wrong = [*_contradictions(file)]
    if wrong:
        raise ConfigError(f"KSYS_ROUTES: {path}: {'; '.join(wrong)}")
    return _routes(file)


def _sentence(content: dict[str, Any], error: dict[str, Any]) -> str:
    loc = list(error["loc"])
    where = ".".join(str(part) for part in loc)
    if loc[0] == "route" and len(loc) > 1 and isinstance(loc[1], int):
        route = content["route"][loc[1]]
        name = route.get("name", loc[1] + 1) if isinstance(route, dict) else loc[1] + 1
        where = " ".join([f"route {name}", ".".join(str(part) for part in loc[2:])]).strip()
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message[:1].lower()}{message[1:]}"


def _contradictions(file: _File) -> list[str]:
    wrong = []
    names = [route.name for route in file.route]
    wrong += [f"two routes are called {name}" for name in {*names} if names.count(name) > 1]
    for route in file.route:
        begin = f"route {route.name}:"
        if route.kind == "smtp":
            if not route.recipients:
                wrong.append(f"{begin} a mail needs recipients")
            if route.url or route.key_env:
                wrong.append(f"{begin} url and key_env are for a webhook")
            if file.smtp is None:
                wrong.append(f"{begin} a mail needs the table [smtp] with host and from")
        else:
            if route.url is None or route.key_env is None:
                wrong.append(f"{begin} a webhook needs url and key_env")
            if route.recipients:
                wrong.append(f"{begin} recipients are for mails")
        if (route.escalate_after_s is None) != (route.escalate_to is None):
            wrong.append(f"{begin} escalate_after_s and escalate_to belong together")
        if route.escalate_to is not None and route.escalate_to not in names:
            wrong.append(f"{begin} there is no route {route.escalate_to} to escalate to")
    if file.smtp and bool(file.smtp.user) != bool(file.smtp.password_env):
        wrong.append("smtp: user and password_env belong together")
    return wrong or _cycles({route.name: route.escalate_to for route in file.route})


def _cycles(following: dict[str, str | None]) -> list[str]:
    for name in following:
        seen: list[str] = []
        current: str | None = name
        while current is not None:
            if current in seen:
                return [f"route {name}: the escalation goes in a circle: {', '.join(seen)}"]
            seen.append(current)
            current = following[current]
    return []


def _routes(file: _File) -> Routes:
    server = None
    if file.smtp is not None:
        smtp = file.smtp
        server = MailServer(
            *(smtp.host, smtp.port or PORTS[smtp.tls], smtp.sender, smtp.tls, smtp.user),
            smtp.password_env or "",
        )
    routes = {route.name: _route(route, route.language or file.language) for route in file.route}
    return Routes(routes, server, file.heartbeat.url if file.heartbeat else "")


def _route(route: _Route, language: Language) -> Route:
    minutes = None
    if route.hours is not None:
        first, end = (int(text[:2]) * 60 + int(text[3:]) for text in route.hours.split("-"))
        minutes = first, end
    return Route(
        route.name,
        route.kind,
        tuple(dict.fromkeys(route.recipients)) if route.kind == "smtp" else (route.name,),
        frozenset(route.priorities),
        frozenset(route.groups),
        minutes,
        frozenset(DAYS.index(day) for day in route.weekdays),
        "raise" in route.on,
        "clear" in route.on,
        route.escalate_after_s,
        route.escalate_to or "",
        route.digest,
        route.url or "",
        route.key_env or "",
        language,
    )
