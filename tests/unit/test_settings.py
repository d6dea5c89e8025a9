"""Settings from the environment and .env: each wrong one named, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from ksys_app.errors import ConfigError
from ksys_app.settings import Settings, get_settings, load_settings, safe_dsn, with_options

ROOT = Path(__file__).resolve().parents[2]
DSN = "postgresql://eco_ro:s3cret@db.plant:5433/EcoAnP?sslmode=verify-full"
VARIABLES = {
    name: str(field.validation_alias or f"KSYS_{name.upper()}")
    for name, field in Settings.model_fields.items()
}
RANGES = {
    "KSYS_STATEMENT_TIMEOUT_MS": (100, 60_000),
    "KSYS_EXPORT_TIMEOUT_S": (1, 600),
    "KSYS_POOL_MAX": (1, 100),
    "KSYS_TICK_SECONDS": (1, 300),
    "KSYS_MAX_TAGS": (1, 10_000),
    "KSYS_CACHE_MB": (1, 4096),
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
        made = load_settings()
        assert (made.ts_dsn, made.ts_admin_dsn) == (None, None)
        assert (made.app_env, made.tz, str(made.zone)) == (
            "development",
            "Asia/Seoul",
            "Asia/Seoul",
        )
        assert (made.host, made.tick_seconds, made.statement_timeout_ms) == ("127.0.0.1", 10, 2000)
        assert (made.pool_max, made.cache_mb) == (10, 64)
        assert made.max_tags == 2000

    @pytest.mark.parametrize("variable", VARIABLES.values())
    def test_an_empty_variable_counts_as_not_set(
        self, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, "")
        assert load_settings() == Settings()

    def test_a_dsn_that_is_needed_and_not_set_is_asked_for(self) -> None:
        with pytest.raises(ConfigError, match=r"^TS_DSN is not set; .*e\.g\. postgresql://"):
            load_settings().app_dsn()
        with pytest.raises(ConfigError, match=r"^TS_ADMIN_DSN is not set; .*e\.g\. postgresql://"):
            load_settings().admin_dsn()

    def test_they_cannot_be_changed(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            load_settings().tz = "UTC"  # type: ignore[misc]


class TestSources:
    def test_each_variable_sets_its_field(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = {
            **{"TS_DSN": DSN, "TS_ADMIN_DSN": "service=plant", "APP_ENV": "production"},
            **{"TZ": "Europe/Berlin", "KSYS_HOST": "0.0.0.0", "KSYS_TICK_SECONDS": "2.5"},
            **{"KSYS_STATEMENT_TIMEOUT_MS": "900", "KSYS_EXPORT_TIMEOUT_S": "12.5"},
            **{"KSYS_POOL_MAX": "4", "KSYS_MAX_TAGS": "50", "KSYS_CACHE_MB": "8"},
            **{"KSYS_RO_PASSWORD": "one", "KSYS_RW_PASSWORD": "two"},
        }
        assert given.keys() == set(VARIABLES.values())
        for variable, value in given.items():
            monkeypatch.setenv(variable, value)
        made = load_settings().model_dump()
        for name, variable in VARIABLES.items():
            value = made[name]
            shown = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            assert str(shown) == given[variable]

    def test_a_file_named_env_is_read(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text(f"TS_DSN={DSN}\nKSYS_POOL_MAX=3\nOTHER=1\n# TZ=UTC\n")
        made = load_settings()
        assert (made.app_dsn(), made.pool_max, made.tz) == (DSN, 3, "Asia/Seoul")

    def test_the_environment_comes_before_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".env").write_text("KSYS_POOL_MAX=3\nKSYS_MAX_TAGS=7\n")
        monkeypatch.setenv("KSYS_POOL_MAX", "5")
        made = load_settings()
        assert (made.pool_max, made.max_tags) == (5, 7)

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

    def test_all_of_them_are_told_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable, value in {"TS_DSN": "x", "TZ": "x", "KSYS_POOL_MAX": "0"}.items():
            monkeypatch.setenv(variable, value)
        assert [part.split()[0] for part in refused().split("; ")] == [
            *("TS_DSN", "TZ", "KSYS_POOL_MAX")
        ]


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
def test_a_malformed_dsn_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    monkeypatch.setenv("TS_DSN", dsn)
    assert "hunter2" not in refused()


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

    def test_session_settings_are_added_to_its_own(self) -> None:
        made = conninfo_to_dict(
            with_options(
                f"{DSN}&options=-c%20search_path%3Dplant&connect_timeout=9",
                {"TimeZone": "UTC", "jit": "off"},
                connect_timeout=3,
                application_name="ksys",
            )
        )
        assert made["options"] == "-c search_path=plant -c TimeZone=UTC -c jit=off"
        assert (str(made["connect_timeout"]), made["application_name"]) == ("9", "ksys")
        own = conninfo_to_dict(DSN)
        assert {key: made[key] for key in own} == own


class TestPapers:
    """Every setting is documented, and nothing else is."""

    @pytest.mark.parametrize("paper", [".env.example", "README.md"])
    def test_each_setting_is_in(self, paper: str) -> None:
        text = (ROOT / paper).read_text(encoding="utf-8")
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
