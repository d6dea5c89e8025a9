"""Settings from the environment and ``.env``, validated once (PRD §9).

A wrong setting raises :class:`ConfigError`. Its message names the variable, says what is wrong and
gives a right example.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from ksys_app import settings_values as values
from ksys_app.base_path import ROOT, base_of
from ksys_app.errors import ConfigError
from ksys_app.log import Form
from ksys_app.origin import LOOPBACK, Networks, is_loopback, networks
from ksys_app.settings_values import EXAMPLE_DSN
from ksys_app.utils.env_file import is_text_file
from ksys_app.utils.misspelt import misspelt

ENV_FILE: Final = ".env"
Dsn = Annotated[str | None, AfterValidator(values.dsn)]


class Settings(BaseSettings):
    """Every setting of the product.

    Attributes:
        ts_dsn: DSN of the app, role ``eco_ro``.
        ts_admin_dsn: DSN of the owner, for ``ksys db``, ``qc``, ``user``, ``token`` and ``audit``.
        ts_operator_dsn: DSN for what people decide on pages, role ``eco_op``.
        ts_alarm_dsn: DSN of the alarm worker, role ``eco_alarm``.
        app_env: ``production`` makes :mod:`ksys_app.security` strict.
        tz: display zone; also the zone of ``influx_agg_1d`` when the schema is created.
        host: address on which ``ksys run`` and ``ksys demo`` listen.
        base_path: path that the app is served under, ``/`` or e.g. ``/ksys``.
        trusted_proxies: addresses and networks whose forwarded headers are trusted.
        log: form of the log; None for :attr:`log_form`'s default.
        statement_timeout_ms: longest interactive statement, milliseconds.
        export_timeout_s: longest time that a tag's export may keep the database busy, seconds.
        pool_max: most connections of the app's pool.
        tick_seconds: period of the live feed, seconds.
        max_tags: most tags that the dashboard shows.
        cache_mb: most memory of the query cache, MiB.
        max_ahead_s: how far ahead of the database's clock a sample may be, seconds.
        ro_password: password that ``ksys db init`` gives ``eco_ro``.
        rw_password: password that ``ksys db init`` gives ``eco_rw``.
        op_password: password that ``ksys db init`` gives ``eco_op``.
        alarm_password: password that ``ksys db init`` gives ``eco_alarm``.
        shifts: the shifts of a day by the local clock, None for no shifts.
        routes: the file with the receivers of messages about alarms; None: no messages.
        auth: how people are identified: ``off``, ``local``, ``proxy`` or ``oidc``.
        user_header: the header with the name of the person, for ``proxy``.
        oidc_issuer: address of the identity provider, for ``oidc``, as the provider writes it.
        oidc_client_id: the app's name at the provider.
        oidc_client_secret: the app's secret at the provider, None for a public client.
        oidc_scopes: the scopes of a login, separated by blanks.
        oidc_user_claim: the claim with the name of the person.
        oidc_role_claim: the claim that gives the role.
        oidc_roles: the role for each value of that claim.
        oidc_name: name of the provider on the login button, None for its host.
        max_requests: most HTTP requests of one client in 10 s.
        max_pages: most open pages of one login.
        max_messages: most messages of one page in 10 s.
    """

    # Notepad writes a byte order mark at the start of the file; "utf-8-sig" removes it.
    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        env_prefix="KSYS_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
    )

    ts_dsn: Dsn = Field(default=None, validation_alias="TS_DSN", repr=False)
    ts_admin_dsn: Dsn = Field(default=None, validation_alias="TS_ADMIN_DSN", repr=False)
    ts_operator_dsn: Dsn = Field(default=None, validation_alias="TS_OPERATOR_DSN", repr=False)
    ts_alarm_dsn: Dsn = Field(default=None, validation_alias="TS_ALARM_DSN", repr=False)
    app_env: Literal["development", "production"] = Field(
        default="development", validation_alias="APP_ENV"
    )
    tz: Annotated[str, AfterValidator(values.zone)] = Field(
        default="Asia/Seoul", validation_alias="TZ"
    )
    host: str = "127.0.0.1"
    base_path: Annotated[str, AfterValidator(values.base_path)] = ROOT
    trusted_proxies: Annotated[str, AfterValidator(values.proxies)] = LOOPBACK
    log: Form | None = None
    statement_timeout_ms: int = Field(default=2000, ge=100, le=60_000)
    export_timeout_s: float = Field(default=30.0, ge=1, le=600)
    pool_max: int = Field(default=10, ge=1, le=100)
    tick_seconds: float = Field(default=10.0, ge=1, le=300)
    max_tags: int = Field(default=2000, ge=1, le=10_000)
    cache_mb: int = Field(default=64, ge=1, le=4096)
    max_ahead_s: int = Field(default=60, ge=0, le=86_400)
    ro_password: SecretStr | None = None
    rw_password: SecretStr | None = None
    op_password: SecretStr | None = None
    alarm_password: SecretStr | None = None
    routes: Path | None = None
    shifts: Annotated[str | None, AfterValidator(values.shifts)] = None
    auth: Annotated[str, AfterValidator(values.auth)] = Field(
        default_factory=lambda data: "off" if is_loopback(data["host"]) else "local"
    )

    user_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "X-Forwarded-User"
    oidc_issuer: Annotated[str | None, AfterValidator(values.issuer)] = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: Annotated[str, AfterValidator(values.scopes)] = "openid profile"
    oidc_user_claim: str = "preferred_username"
    oidc_role_claim: str = "groups"
    oidc_roles: Annotated[str | None, AfterValidator(values.roles)] = None
    oidc_name: str | None = None
    max_requests: int = Field(default=600, ge=10, le=1_000_000)
    max_pages: int = Field(default=100, ge=1, le=10_000)
    max_messages: int = Field(default=500, ge=20, le=1_000_000)

    @property
    def zone(self) -> ZoneInfo:
        """The display zone."""
        return ZoneInfo(self.tz)

    @property
    def base(self) -> str:
        """The prefix of every path of the app: empty, or e.g. ``/ksys``."""
        return base_of(self.base_path)

    @property
    def proxies(self) -> Networks:
        """Addresses and networks whose forwarded headers are trusted."""
        return networks(self.trusted_proxies)

    @property
    def log_form(self) -> Form:
        """The form of the log: JSON in production and text in development, if not set."""
        return self.log or ("json" if self.app_env == "production" else "text")

    def app_dsn(self) -> str:
        """``TS_DSN``.

        Raises:
            ConfigError: it is not set.
        """
        if self.ts_dsn is None:
            raise ConfigError(
                f"TS_DSN is not set; put it in the environment or {env_file()}, e.g. {EXAMPLE_DSN}"
            )
        return self.ts_dsn

    def admin_dsn(self) -> str:
        """``TS_ADMIN_DSN``: the owner's DSN.

        Raises:
            ConfigError: it is not set.
        """
        if self.ts_admin_dsn is None:
            raise ConfigError(
                "TS_ADMIN_DSN is not set; this command needs the owner of the database; put "
                f"it in the environment or {env_file()}, "
                "e.g. postgresql://postgres:PASSWORD@db.plant:5432/EcoAnP"
            )
        return self.ts_admin_dsn

    def alarm_dsn(self) -> str:
        """``TS_ALARM_DSN``, else ``TS_ADMIN_DSN``: the DSN of the alarm worker.

        Raises:
            ConfigError: neither is set.
        """
        dsn = self.ts_alarm_dsn or self.ts_admin_dsn
        if dsn is None:
            raise ConfigError(
                "TS_ALARM_DSN is not set; this command writes alarms as eco_alarm; put it in the "
                f"environment or {env_file()}, e.g. {EXAMPLE_DSN.replace('eco_ro', 'eco_alarm')}"
            )
        return dsn

    def role_passwords(self) -> dict[str, str | None]:
        """Role to the password that it should get, None if no password is set."""
        passwords = {
            "eco_ro": self.ro_password,
            "eco_rw": self.rw_password,
            "eco_op": self.op_password,
            "eco_alarm": self.alarm_password,
        }
        return {
            role: password.get_secret_value() if password else None
            for role, password in passwords.items()
        }


def load_settings() -> Settings:
    """Read the settings from the environment and ``.env``.

    Raises:
        ConfigError: settings are wrong or misspelt, and the message names each of them; or
            ``.env`` cannot be read.
    """
    wrong = _misspelt()
    try:
        settings = Settings()
    except ValidationError as error:
        # If another setting is wrong, KSYS_AUTH gets no default. Do not report that as an error.
        errors = [item for item in error.errors() if item["type"] != "default_factory_not_called"]
        wrong += [_sentence(dict(item)) for item in errors]
    if wrong:
        raise ConfigError("; ".join(wrong))
    return settings


def env_file() -> str:
    """The absolute path of ``.env``, which depends on the current folder, for messages."""
    file = Path(ENV_FILE).absolute()
    return str(file) if file.is_file() else f"{file} (there is no such file)"


def variables() -> dict[str, str]:
    """Field of :class:`Settings` to the name of its environment variable."""
    return {
        name: str(field.validation_alias or f"KSYS_{name.upper()}")
        for name, field in Settings.model_fields.items()
    }


def _misspelt() -> list[str]:
    """A sentence for each misspelt name in the environment and in ``.env``."""
    file = _in_file()
    names = list(variables().values())
    return [
        f"{variable.name}{where} is not a setting; the nearest one is {variable.nearest}"
        for where, source in (("", os.environ), (f" in {ENV_FILE}", file))
        for variable in misspelt(source, names)
    ]


def _in_file() -> dict[str, str | None]:
    """The variables of ``.env``, names in lower case; empty if there is no such file."""
    return dict(DotEnvSettingsSource(Settings).env_vars) if is_text_file(Path(ENV_FILE)) else {}


def secrets() -> set[str]:
    """Passwords, secrets and DSNs in the environment and ``.env``, and the password in each DSN."""
    pairs: list[tuple[str, str | None]] = [*os.environ.items()]
    with suppress(ConfigError):
        pairs += _in_file().items()
    secrets_found = set()
    for name, value in pairs:
        if value and name.upper().endswith(("PASSWORD", "_SECRET")):
            secrets_found.add(value)
        elif value and name.upper().endswith("_DSN"):
            secrets_found.add(value)
            with suppress(psycopg.ProgrammingError):
                secrets_found.add(str(conninfo_to_dict(value).get("password") or value))
    return secrets_found


def _sentence(error: dict[str, object]) -> str:
    loc = error.get("loc")
    name = str(loc[0]) if isinstance(loc, tuple) and loc else "settings"
    variable = name if name.isupper() else f"KSYS_{name.upper()}"
    message = str(error.get("msg", "is wrong")).removeprefix("Value error, ")
    return f"{variable} {message[:1].lower()}{message[1:]}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return load_settings()


def safe_dsn(dsn: str) -> str:
    """A DSN without its secrets, for messages: ``user @ host:port/dbname``."""
    parts = conninfo_to_dict(dsn)
    host = parts.get("host") or parts.get("hostaddr") or parts.get("service") or "?"
    where = f"{host}:{parts.get('port') or 5432}/{parts.get('dbname') or parts.get('user') or ''}"
    return f"{parts.get('user') or '?'} @ {where}"


def with_parameters(dsn: str, **parameters: str | int) -> str:
    """``dsn`` with additional connection parameters; its own parameters stay."""
    own = conninfo_to_dict(dsn)
    return make_conninfo(
        dsn, **{key: value for key, value in parameters.items() if not own.get(key)}
    )
