"""Settings from the environment and .env: an error names each wrong one and the remedy."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from psycopg.conninfo import conninfo_to_dict

from ksys_app.errors import ConfigError
from ksys_app.security import check_environment
from ksys_app.settings import (
    Settings,
    get_settings,
    load_settings,
    safe_dsn,
    secrets,
    variables,
    with_parameters,
)
from ksys_app.settings_values import EXAMPLE_DSN
from ksys_app.utils.misspelt import OTHERS

ROOT = Path(__file__).resolve().parents[2]
DSN = "postgresql://eco_ro:s3cret@db.plant:5433/EcoAnP?sslmode=verify-full"
VARIABLES = variables()
RANGES = {
    "KSYS_STATEMENT_TIMEOUT_MS": (100, 60_000),
    "KSYS_EXPORT_TIMEOUT_S": (1, 600),
    "KSYS_POOL_MAX": (1, 100),
    "KSYS_TICK_SECONDS": (1, 300),
    "KSYS_MAX_TAGS": (1, 10_000),
    "KSYS_CACHE_MB": (1, 4096),
    "KSYS_MAX_AHEAD_S": (0, 86_400),
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without .env and an environment without ours."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def refused() -> str:
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert error.value.exit_code == 2
    return error.value.message


class TestDefaults:
    def test_nothing_has_to_be_set(self) -> None:
        loaded = load_settings()
        assert (loaded.ts_dsn, loaded.ts_admin_dsn) == (None, None)
        assert (loaded.app_env, loaded.tz, str(loaded.zone)) == (
            "development",
            "Asia/Seoul",
            "Asia/Seoul",
        )
        assert (loaded.host, loaded.tick_seconds, loaded.statement_timeout_ms) == (
            "127.0.0.1",
            10,
            2000,
        )
        assert (loaded.pool_max, loaded.cache_mb) == (10, 64)
        assert (loaded.max_tags, loaded.max_ahead_s) == (2000, 60)
        assert loaded.log_form == "text"

    def test_production_logs_json_unless_another_form_is_set(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APP_ENV", "production")
        assert load_settings().log_form == "json"
        monkeypatch.setenv("KSYS_LOG", "text")
        assert load_settings().log_form == "text"
        monkeypatch.setenv("KSYS_LOG", "xml")
        assert "KSYS_LOG input should be 'text' or 'json'" in refused()

    @pytest.mark.parametrize("variable", VARIABLES.values())
    def test_an_empty_variable_counts_as_not_set(
        self, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, "")
        assert load_settings() == Settings()

    def test_a_dsn_that_is_needed_and_not_set_is_requested(self) -> None:
        with pytest.raises(ConfigError, match=r"^TS_DSN is not set; .*e\.g\. postgresql://"):
            load_settings().app_dsn()
        with pytest.raises(ConfigError, match=r"^TS_ADMIN_DSN is not set; .*e\.g\. postgresql://"):
            load_settings().admin_dsn()

    def test_it_says_which_file_was_looked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for dsn in (load_settings().app_dsn, load_settings().admin_dsn):
            with pytest.raises(ConfigError) as caught:
                dsn()
            assert f"{tmp_path}/.env (there is no such file)" in caught.value.message
        (finding,) = [one for one in check_environment(load_settings()) if one.name == "TS_DSN"]
        assert f"{tmp_path}/.env (there is no such file)" in finding.detail
        (tmp_path / ".env").write_text("TZ=UTC\n")
        with pytest.raises(ConfigError, match=f"or {tmp_path}/.env, e"):
            load_settings().app_dsn()

    def test_they_cannot_be_changed(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            load_settings().tz = "UTC"  # type: ignore[misc]


class TestAuth:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
    def test_on_a_loopback_address_nobody_signs_in(
        self, monkeypatch: pytest.MonkeyPatch, host: str
    ) -> None:
        monkeypatch.setenv("KSYS_HOST", host)
        assert load_settings().auth == "off"

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "plant.example", ""])
    def test_on_any_other_users_sign_in(self, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
        monkeypatch.setenv("KSYS_HOST", host)
        assert load_settings().auth == ("local" if host else "off")

    @pytest.mark.parametrize("way", ["off", "local", "proxy", "oidc"])
    def test_what_is_set_counts(self, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        monkeypatch.setenv("KSYS_AUTH", way)
        assert load_settings().auth == way

    @pytest.mark.parametrize("way", ["saml", "none", "Local", "on"])
    def test_another_value_is_refused_with_the_possible_ones(
        self, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        monkeypatch.setenv("KSYS_AUTH", way)
        message = refused()
        assert message.startswith(f"KSYS_AUTH {way!r} is not a way to identify people; take local")
        assert "oidc (an identity provider)" in message

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("ISSUER", "login.plant.example", "is not the address of an identity provider"),
            ("ISSUER", "https://login.plant.example/?a=b", "is not the address"),
            ("ISSUER", "https://user:word@login.plant.example", "is not the address"),
            ("ISSUER", "ws://login.plant.example", "is not the address"),
            ("ISSUER", "http://login.plant.example", "needs https"),
            ("SCOPES", "profile groups", "lacks openid"),
            ("ROLES", "plant-admins", "has 'plant-admins', which is not a role and a value"),
            ("ROLES", "boss=plant-admins", "has 'boss=plant-admins'"),
            ("ROLES", "admin=", "has 'admin='"),
            ("ROLES", " ; ", "names no role"),
        ],
    )
    def test_what_describes_the_identity_provider_is_checked(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
    ) -> None:
        monkeypatch.setenv(f"KSYS_OIDC_{name}", value)
        assert f"KSYS_OIDC_{name} {sentence}" in refused()

    @pytest.mark.parametrize("issuer", ["https://login.plant.example/a", "http://127.0.0.1:8080"])
    def test_an_issuer_has_tls_or_is_at_this_machine(
        self, monkeypatch: pytest.MonkeyPatch, issuer: str
    ) -> None:
        monkeypatch.setenv("KSYS_OIDC_ISSUER", issuer)
        assert load_settings().oidc_issuer == issuer


class TestSources:
    def test_each_variable_sets_its_field(self, monkeypatch: pytest.MonkeyPatch) -> None:
        variables_set = {
            **{"TS_DSN": DSN, "TS_ADMIN_DSN": "service=plant", "APP_ENV": "production"},
            **{"TZ": "Europe/Berlin", "KSYS_HOST": "0.0.0.0", "KSYS_TICK_SECONDS": "2.5"},
            **{"KSYS_STATEMENT_TIMEOUT_MS": "900", "KSYS_EXPORT_TIMEOUT_S": "12.5"},
            **{"KSYS_POOL_MAX": "4", "KSYS_MAX_TAGS": "50", "KSYS_CACHE_MB": "8"},
            **{"KSYS_MAX_AHEAD_S": "5", "KSYS_TRUSTED_PROXIES": "10.20.0.0/24, ::1"},
            **{"KSYS_BASE_PATH": "/plant/ksys/", "KSYS_LOG": "json"},
            **{"KSYS_RO_PASSWORD": "one", "KSYS_RW_PASSWORD": "two", "KSYS_OP_PASSWORD": "three"},
            **{"TS_ALARM_DSN": DSN, "KSYS_ALARM_PASSWORD": "four"},
            **{"TS_OPERATOR_DSN": DSN, "KSYS_AUTH": "proxy", "KSYS_USER_HEADER": "Remote-User"},
            **{"KSYS_OIDC_ISSUER": "https://login.plant.example", "KSYS_OIDC_CLIENT_ID": "ksys"},
            **{"KSYS_OIDC_CLIENT_SECRET": "four", "KSYS_OIDC_SCOPES": "openid groups"},
            **{"KSYS_OIDC_USER_CLAIM": "email", "KSYS_OIDC_ROLE_CLAIM": "roles"},
            **{"KSYS_OIDC_ROLES": "admin=a", "KSYS_OIDC_NAME": "Plant"},
            **{"KSYS_ROUTES": "/etc/ksys/routes.toml", "KSYS_SHIFTS": "주간 06:00-18:00"},
            **{"KSYS_MAX_REQUESTS": "60", "KSYS_MAX_PAGES": "6", "KSYS_MAX_MESSAGES": "50"},
        }
        assert variables_set.keys() == set(VARIABLES.values())
        for variable, value in variables_set.items():
            monkeypatch.setenv(variable, value)
        loaded = load_settings().model_dump()
        for name, variable in VARIABLES.items():
            value = loaded[name]
            shown = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            assert str(shown) == variables_set[variable]

    def test_a_file_named_env_is_read(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text(f"TS_DSN={DSN}\nKSYS_POOL_MAX=3\nOTHER=1\n# TZ=UTC\n")
        loaded = load_settings()
        assert (loaded.app_dsn(), loaded.pool_max, loaded.tz) == (DSN, 3, "Asia/Seoul")

    def test_the_environment_comes_before_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".env").write_text("KSYS_POOL_MAX=3\nKSYS_MAX_TAGS=7\n")
        monkeypatch.setenv("KSYS_POOL_MAX", "5")
        loaded = load_settings()
        assert (loaded.pool_max, loaded.max_tags) == (5, 7)

    def test_what_no_log_may_have_is_in_the_environment_or_in_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".env").write_text(f"TS_DSN={DSN}\nKSYS_OIDC_CLIENT_SECRET=of the app\n")
        monkeypatch.setenv("KSYS_OP_PASSWORD", "of the operator")
        assert {DSN, "s3cret", "of the app", "of the operator"} <= secrets()

    def test_a_process_reads_them_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        get_settings.cache_clear()
        try:
            first = get_settings()
            monkeypatch.setenv("KSYS_POOL_MAX", "5")
            assert get_settings() is first
            assert load_settings().pool_max == 5
        finally:
            get_settings.cache_clear()


class TestWrong:
    @pytest.mark.parametrize("variable", ["TS_DSN", "TS_ADMIN_DSN"])
    @pytest.mark.parametrize(
        "dsn",
        [
            pytest.param("plant", id="a word"),
            pytest.param("postgre://u@db.plant/EcoAnP", id="another scheme"),
            pytest.param("postgresql://u@db.plant/EcoAnP?sslmod=require", id="unknown parameter"),
            pytest.param("postgresql://u@[::1/EcoAnP", id="half an address"),
            pytest.param("host=db.plant password='x", id="half a quote"),
        ],
    )
    def test_a_malformed_dsn(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, dsn: str
    ) -> None:
        monkeypatch.setenv(variable, dsn)
        message = refused()
        assert message.startswith(f"{variable} is not a PostgreSQL DSN")
        assert "e.g. postgresql://" in message

    @pytest.mark.parametrize("dsn", ["postgresql:///EcoAnP", "dbname=EcoAnP user=eco_ro"])
    def test_a_dsn_without_a_host(self, monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
        monkeypatch.setenv("TS_DSN", dsn)
        assert refused().startswith("TS_DSN names no host, e.g. postgresql://")

    @pytest.mark.parametrize(
        "dsn", ["host=db.plant", "hostaddr=10.0.0.5", "service=plant", "postgresql:///?host=/run"]
    )
    def test_a_host_may_be_named_in_any_way(
        self, monkeypatch: pytest.MonkeyPatch, dsn: str
    ) -> None:
        monkeypatch.setenv("TS_DSN", dsn)
        assert load_settings().app_dsn() == dsn

    @pytest.mark.parametrize("proxies", ["proxy", "10.0.0.0/33", "127.0.0.1;::1", ",", "1.2.3"])
    def test_trusted_proxies(self, monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
        monkeypatch.setenv("KSYS_TRUSTED_PROXIES", proxies)
        message = refused()
        assert message.startswith("KSYS_TRUSTED_PROXIES names no addresses or networks (")
        assert message.endswith("e.g. 127.0.0.1,10.20.0.0/24, or none")

    @pytest.mark.parametrize(
        "path",
        [
            *("ksys", "/ks ys", "/ksys?x", "//ksys", "/../ksys", "/ksys/.", "https://plant/ksys"),
            *("/ksys//x", "/크시스", "/%6bsys", "/__ksys_base__", "/ksys#x", "/k'>", "/ksys\n"),
        ],
    )
    def test_a_base_path(self, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        monkeypatch.setenv("KSYS_BASE_PATH", path)
        assert refused() == f"KSYS_BASE_PATH {path!r} is not a path, e.g. /ksys"

    @pytest.mark.parametrize("path", ["/api", "/trend/", "/_event/x", "/assets", "/docs/ksys"])
    def test_a_base_path_of_the_app_s_own(self, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        monkeypatch.setenv("KSYS_BASE_PATH", path)
        assert refused().endswith("begins with a path of the app itself; choose another")

    @pytest.mark.parametrize(
        ("path", "base"),
        [("/", ""), ("//", ""), ("/ksys", "/ksys"), ("/ksys/", "/ksys"), ("/a/b-c_d.e~f", None)],
    )
    def test_a_good_base_path(
        self, monkeypatch: pytest.MonkeyPatch, path: str, base: str | None
    ) -> None:
        monkeypatch.setenv("KSYS_BASE_PATH", path)
        assert load_settings().base == (path if base is None else base)

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "KST-9", "../etc/passwd", "Asia", "/etc/x"])
    def test_a_time_zone(self, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        assert refused() == f"TZ {zone!r} is not a time zone, e.g. Asia/Seoul"

    @pytest.mark.parametrize("name", ["prod", "Production", "test"])
    def test_an_environment(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv("APP_ENV", name)
        message = refused()
        assert message.startswith("APP_ENV ")
        assert "'development' or 'production'" in message

    @pytest.mark.parametrize("variable", RANGES)
    def test_a_number_at_and_beyond_its_bounds(
        self, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        low, high = RANGES[variable]
        for fine in (low, high):
            monkeypatch.setenv(variable, str(fine))
            load_settings()
        for value, bound in ((low - 1, low), (high + 1, high), (-1, low)):
            monkeypatch.setenv(variable, str(value))
            message = refused()
            assert message.startswith(f"{variable} ")
            assert message.endswith(f"equal to {bound}")

    @pytest.mark.parametrize("value", ["ten", "1e", "nan", "inf", "10 s"])
    @pytest.mark.parametrize("variable", RANGES)
    def test_a_number_that_is_none(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        monkeypatch.setenv(variable, value)
        assert refused().startswith(f"{variable} ")

    def test_all_of_them_are_reported_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable, value in {"TS_DSN": "x", "TZ": "x", "KSYS_POOL_MAX": "0"}.items():
            monkeypatch.setenv(variable, value)
        assert [part.split()[0] for part in refused().split("; ")] == [
            *("TS_DSN", "TZ", "KSYS_POOL_MAX")
        ]


MISSPELT = {
    "KSYS_RO_PASSWRD": "KSYS_RO_PASSWORD",
    "KSYS_RWPASSWORD": "KSYS_RW_PASSWORD",
    "KSYS_POOLMAX": "KSYS_POOL_MAX",
    "KSYS_TICK_SECOND": "KSYS_TICK_SECONDS",
    "KSYS_TRUSTED_PROXY": "KSYS_TRUSTED_PROXIES",
    "KSYS_SITES": "KSYS_SITE",
    "TS_DSNN": "TS_DSN",
    "TS_ADMINDSN": "TS_ADMIN_DSN",
    "TS_ADMIN": "TS_ADMIN_DSN",
    "ksys_pool_mx": "KSYS_POOL_MAX",
}


class TestMisspelt:
    """An unknown name is reported, in the environment and in the file, without its value."""

    @pytest.mark.parametrize(("name", "nearest"), MISSPELT.items(), ids=MISSPELT)
    def test_in_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
    ) -> None:
        monkeypatch.setenv(name, "hunter2")
        assert refused() == f"{name.upper()} is not a setting; the nearest one is {nearest}"

    @pytest.mark.parametrize(("name", "nearest"), MISSPELT.items(), ids=MISSPELT)
    def test_in_the_file(self, tmp_path: Path, name: str, nearest: str) -> None:
        (tmp_path / ".env").write_text(f"# plant\nexport {name}='hunter2'\n")
        message = f"{name.upper()} in .env is not a setting; the nearest one is {nearest}"
        assert refused() == message

    def test_beside_what_is_wrong_otherwise(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / ".env").write_text("TS_DSNN=x\nTZ=x\n")
        monkeypatch.setenv("KSYS_POOL_MX", "1")
        assert [part.split()[0] for part in refused().split("; ") if "nearest" not in part] == [
            *("KSYS_POOL_MX", "TS_DSNN", "TZ")
        ]

    @pytest.mark.parametrize("name", ["ksys_max_tags", "Ksys_Max_Tags"])
    def test_a_name_in_small_letters_is_the_same(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, "7")
        assert load_settings().max_tags == 7

    @pytest.mark.parametrize(
        "variable",
        [
            *("KSYS_PORT=13001", "KSYS_SITE=localhost", "KSYS_UPSTREAM=app:1", "TS_TEST_DSN=x"),
            *("KSYS_SERVICE_HOST=10.0.0.1", "KSYS_SERVICE_PORT=13000", "KSYS_PORT=tcp://10.0.0.1"),
            *("KSYS_WEB_SERVICE_PORT_HTTP=1", "KSYS_PORT_13000_TCP_ADDR=10.0.0.1"),
            *("TS_SERVICE_HOST=10.0.0.1", "TS_PORT=tcp://10.0.0.1:5432", "TS_PORT_5432_TCP=x"),
            *("KSYS_POOL_MX=", "TSX=1", "KSYSTEM=1", "__KSYS_PAGES=x", "POSTGRES_PASSWORD=x"),
        ],
    )
    def test_names_of_others_and_what_is_empty_are_left_alone(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
    ) -> None:
        name, _, value = variable.partition("=")
        (tmp_path / ".env").write_text(f"{name}={value}\n")
        monkeypatch.setenv(name, value)
        assert load_settings() == Settings()

    def test_every_name_that_a_file_of_the_project_reads_is_known(self) -> None:
        read = {
            name
            for file in ("docker-compose.yml", *(p.name for p in (ROOT / "deploy").iterdir()))
            for path in (ROOT / file, ROOT / "deploy" / file)
            if path.is_file()
            for name in re.findall(r"\$\{?\$?((?:KSYS|TS)_\w+)", path.read_text("utf-8"))
        }
        assert read >= {"KSYS_PORT", "KSYS_SITE", "KSYS_UPSTREAM", "KSYS_UPSTREAMS"}
        assert read <= {*VARIABLES.values(), *OTHERS}


class TestFile:
    """A file that cannot be read is one sentence with its name, not a default in its place."""

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / ".env").mkdir()
        assert refused().startswith(f"{tmp_path}/.env is a folder; ")

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949"])
    def test_another_encoding(self, tmp_path: Path, encoding: str) -> None:
        (tmp_path / ".env").write_bytes(f"# 공장\nTS_DSN={DSN}\n".encode(encoding))
        assert refused().startswith(f"{tmp_path}/.env is not UTF-8 text; save it as UTF-8")

    @pytest.mark.parametrize("ends", ["\n", "\r\n"])
    def test_the_mark_and_the_line_ends_of_windows_are_fine(
        self, tmp_path: Path, ends: str
    ) -> None:
        text = ends.join([f"TS_DSN={DSN}", "KSYS_POOL_MAX=3", "# 공장", ""])
        (tmp_path / ".env").write_bytes(text.encode("utf-8-sig"))
        loaded = load_settings()
        assert (loaded.app_dsn(), loaded.pool_max) == (DSN, 3)

    def test_one_that_may_not_be_read(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text(f"TS_DSN={DSN}\n")
        (tmp_path / ".env").chmod(0)
        own = os.geteuid()
        # Nothing is closed to root.
        os.seteuid(own or 65534)
        try:
            message = refused()
        finally:
            os.seteuid(own)
        assert message.startswith(f"{tmp_path}/.env cannot be read (Permission denied); ")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgre://eco_ro:hunter2@db.plant/EcoAnP",
        "postgresql://eco_ro:hunter2%zz@db.plant/EcoAnP",
        "postgresql://eco_ro:hunter2@[::1/EcoAnP",
        "eco_ro:hunter2@db.plant/EcoAnP",
        "host=db.plant password=correct hunter2",
    ],
)
def test_a_malformed_dsn_is_reported_without_its_password(
    monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    monkeypatch.setenv("TS_DSN", dsn)
    assert "hunter2" not in refused()


@pytest.mark.parametrize(
    "password",
    [
        *(
            "p@ss#w",
            "p@",
            "@p",
            "a@b@c",
            "p/w",
            "/pw",
            "5432/pw",
            "p%w",
            "p%",
            "p%zz",
            "p@w/x?y#z%",
        ),
        *("p/w@x", "p@w/x", "p@ss:5432/rd", "p?w=x@y", "p/w?x=y", "@", "/", "%"),
        *("p#w", "p?w"),
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_sign_that_has_to_be_encoded_is_reported_without_a_part_of_the_password(
    monkeypatch: pytest.MonkeyPatch, scheme: str, password: str
) -> None:
    secret = "".join(f"{sign}hunter2" if sign in "@/#?%" else sign for sign in password)
    dsn = f"{scheme}://eco_ro:hunter2{secret}@db.plant:5432/EcoAnP"
    monkeypatch.setenv("TS_DSN", dsn)
    if any(sign in password for sign in "@/%"):
        message = refused()
        assert "hunter2" not in message
        assert "db.plant:5432/EcoAnP" not in message.replace(EXAMPLE_DSN, "")
        assert "is written as %40 %2F %23 %3F %25" in message
    else:
        assert conninfo_to_dict(load_settings().app_dsn())["password"] == f"hunter2{secret}"


@pytest.mark.parametrize(
    "dsn",
    [
        *("postgresql://u:p%40s%2Fs%23w@db.plant/d", "postgresql://u:p#w@db.plant:5432/d"),
        *("postgresql://db.plant/d?user=x&password=a@b", "postgresql://u@a,b:5433/d"),
        *("postgresql:///d?host=/run", "postgresql://%2Frun/d", "postgresql://u:p@[::1]:5432/d"),
        "host=db.plant password=p@s/s#w",
    ],
)
def test_a_dsn_that_is_encoded_or_needs_no_encoding_is_accepted(
    monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    monkeypatch.setenv("TS_DSN", dsn)
    assert load_settings().app_dsn() == dsn


def test_a_representation_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("KSYS_RO_PASSWORD", "KSYS_RW_PASSWORD"):
        monkeypatch.setenv(variable, "s3cret")
    for variable in ("TS_DSN", "TS_ADMIN_DSN"):
        monkeypatch.setenv(variable, DSN)
    assert "s3cret" not in repr(load_settings())


class TestDsn:
    @pytest.mark.parametrize(
        ("dsn", "shown"),
        [
            (DSN, "eco_ro @ db.plant:5433/EcoAnP"),
            ("host=db.plant user=eco_ro password=s3cret", "eco_ro @ db.plant:5432/eco_ro"),
            ("postgresql://db.plant/EcoAnP?user=x&password=s3cret", "x @ db.plant:5432/EcoAnP"),
            ("service=plant", "? @ plant:5432/"),
            ("hostaddr=10.0.0.5 dbname=d", "? @ 10.0.0.5:5432/d"),
        ],
    )
    def test_it_is_shown_to_people_without_its_secrets(self, dsn: str, shown: str) -> None:
        assert safe_dsn(dsn) == shown

    @given(st.text("abcXYZ019 !$%&'\\\"/:@?#=~", min_size=8))
    @settings(deadline=None)
    def test_no_password_whatsoever_is_shown(self, password: str) -> None:
        quoted = password.replace("\\", "\\\\").replace("'", "\\'")
        dsn = f"host=h user=u dbname=d sslpassword='{quoted}' password='{quoted}'"
        assert safe_dsn(dsn) == "u @ h:5432/d"

    def test_parameters_are_added_where_it_has_none_of_its_own(self) -> None:
        loaded = conninfo_to_dict(
            with_parameters(
                f"{DSN}&options=-c%20search_path%3Dplant&connect_timeout=9",
                connect_timeout=3,
                application_name="ksys",
            )
        )
        assert loaded["options"] == "-c search_path=plant"
        assert (str(loaded["connect_timeout"]), loaded["application_name"]) == ("9", "ksys")
        own = conninfo_to_dict(DSN)
        assert {key: loaded[key] for key in own} == own


class TestDocuments:
    """Every setting is documented, and nothing else is."""

    @pytest.mark.parametrize("document", [".env.example", "README.md"])
    def test_each_setting_is_in(self, document: str) -> None:
        text = (ROOT / document).read_text(encoding="utf-8")
        words = set(text.replace("`", " ").replace("=", " ").replace("#", " ").split())
        assert [name for name in VARIABLES.values() if name not in words] == []

    def test_the_example_has_no_setting_that_does_not_exist(self) -> None:
        lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        names = {line.lstrip("# ").partition("=")[0] for line in lines if "=" in line}
        ours = {name for name in names if name.startswith("KSYS_")}
        assert ours <= set(VARIABLES.values())

    def test_the_example_is_valid(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"))
        load_settings()
