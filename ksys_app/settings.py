"""Settings from the environment and ``.env``, validated once (PRD §9).

A wrong setting is a :class:`ConfigError` whose message names the variable, what is wrong with it
and an example that is right.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ksys_app.errors import ConfigError

EXAMPLE_DSN = "postgresql://eco_ro:PASSWORD@db.plant:5432/EcoAnP?sslmode=verify-full"


def _dsn(value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = conninfo_to_dict(value)
    except psycopg.ProgrammingError:
        # The driver's reason quotes the DSN, and with it the password.
        raise ValueError(f"is not a PostgreSQL DSN, e.g. {EXAMPLE_DSN}") from None
    if not parts.get("host") and not parts.get("hostaddr") and not parts.get("service"):
        raise ValueError(f"names no host, e.g. {EXAMPLE_DSN}")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is not a time zone, e.g. Asia/Seoul") from error
    return value


Dsn = Annotated[str | None, AfterValidator(_dsn)]


class Settings(BaseSettings):
    """Every setting of the product.

    Attributes:
        ts_dsn: DSN of the app, role ``eco_ro``.
        ts_admin_dsn: DSN of the owner, for ``ksys db`` and ``ksys qc``.
        app_env: ``production`` makes :mod:`ksys_app.security` strict.
        tz: display zone; also the zone of ``influx_agg_1d`` when the schema is made.
        host: address that ``ksys run`` and ``ksys demo`` listen on.
        statement_timeout_ms: longest interactive statement, milliseconds.
        export_timeout_s: longest a tag's export may keep the database busy, seconds.
        pool_max: most connections of the app's pool.
        tick_seconds: period of the live feed, seconds.
        max_tags: most tags the dashboard shows.
        cache_mb: most memory of the query cache, MiB.
        ro_password: password that ``ksys db init`` gives ``eco_ro``.
        rw_password: password that ``ksys db init`` gives ``eco_rw``.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="KSYS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    ts_dsn: Dsn = Field(default=None, validation_alias="TS_DSN", repr=False)
    ts_admin_dsn: Dsn = Field(default=None, validation_alias="TS_ADMIN_DSN", repr=False)
    app_env: Literal["development", "production"] = Field(
        default="development", validation_alias="APP_ENV"
    )
    tz: Annotated[str, AfterValidator(_zone)] = Field(default="Asia/Seoul", validation_alias="TZ")
    host: str = "127.0.0.1"
    statement_timeout_ms: int = Field(default=2000, ge=100, le=60_000)
    export_timeout_s: float = Field(default=30.0, ge=1, le=600)
    pool_max: int = Field(default=10, ge=1, le=100)
    tick_seconds: float = Field(default=10.0, ge=1, le=300)
    max_tags: int = Field(default=2000, ge=1, le=10_000)
    cache_mb: int = Field(default=64, ge=1, le=4096)
    ro_password: SecretStr | None = None
    rw_password: SecretStr | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The display zone."""
        return ZoneInfo(self.tz)

    def app_dsn(self) -> str:
        """``TS_DSN``.

        Raises:
            ConfigError: it is not set.
        """
        if self.ts_dsn is None:
            raise ConfigError(
                f"TS_DSN is not set; put it in .env or the environment, e.g. {EXAMPLE_DSN}"
            )
        return self.ts_dsn

    def admin_dsn(self) -> str:
        """``TS_ADMIN_DSN``: the owner's DSN.

        Raises:
            ConfigError: it is not set.
        """
        if self.ts_admin_dsn is None:
            raise ConfigError(
                "TS_ADMIN_DSN is not set; ksys db and ksys qc need the owner of the database, "
                "e.g. postgresql://postgres:PASSWORD@db.plant:5432/EcoAnP"
            )
        return self.ts_admin_dsn

    def role_passwords(self) -> dict[str, str | None]:
        """Role to the password it should get, None without one."""
        return {
            "eco_ro": self.ro_password.get_secret_value() if self.ro_password else None,
            "eco_rw": self.rw_password.get_secret_value() if self.rw_password else None,
        }


def load_settings() -> Settings:
    """Settings from the environment as it is now.

    Raises:
        ConfigError: one or more settings are wrong; every one is named.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError("; ".join(_sentence(dict(e)) for e in error.errors())) from None


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
    """``user @ host:port/dbname``: a DSN without its secrets, for people."""
    parts = conninfo_to_dict(dsn)
    host = parts.get("host") or parts.get("hostaddr") or parts.get("service") or "?"
    where = f"{host}:{parts.get('port') or 5432}/{parts.get('dbname') or parts.get('user') or ''}"
    return f"{parts.get('user') or '?'} @ {where}"


def with_options(dsn: str, options: dict[str, str], **extra: str | int) -> str:
    """``dsn`` with session settings and connection parameters added.

    Args:
        dsn: the DSN; ``options`` of its own stay.
        options: session settings, e.g. ``{"TimeZone": "UTC"}``.
        extra: connection parameters, kept as the DSN has them where it has them.
    """
    parts = conninfo_to_dict(dsn)
    guards = " ".join(f"-c {name}={value}" for name, value in options.items())
    own = str(parts.get("options") or "")
    added = {key: value for key, value in extra.items() if not parts.get(key)}
    return make_conninfo(dsn, options=f"{own} {guards}".strip(), **added)
