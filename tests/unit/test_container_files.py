"""The container files, as far as a test without a container engine can check them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ksys_app.origin import networks, trusts
from ksys_app.settings import Settings, variables
from tests import docs
from tests.database_server import IMAGE

COMPOSE: dict[str, Any] = yaml.safe_load((docs.ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
PASSWORDS = {f"KSYS_{role}_PASSWORD" for role in ("RO", "RW", "OP", "ALARM")}


def test_no_password_has_a_default() -> None:
    text = (docs.ROOT / "docker-compose.yml").read_text("utf-8")
    passwords = re.findall(r"(\w*PASSWORD): (.+)", text)
    assert len(passwords) == 7
    for name, value in passwords:
        assert re.fullmatch(r"\$\{\w+:\?.*\}", value), name
    for variable in ("POSTGRES_PASSWORD", *PASSWORDS):
        assert f"${{{variable}:?set {variable} in .env}}" in text


def test_every_setting_that_a_page_tells_to_change_reaches_its_service() -> None:
    """With the default of the code. Settings of the network of the containers are fixed."""
    fixed = {"TS_DSN", "TS_ADMIN_DSN", "TS_OPERATOR_DSN", "TS_ALARM_DSN"}
    fixed |= {"KSYS_HOST", "KSYS_TRUSTED_PROXIES", "APP_ENV", "KSYS_AUTH", "KSYS_ROUTES"}
    environment = SERVICES["app"]["environment"]
    for field, name in variables().items():
        default = Settings.model_fields[field].default
        text = f"{default:g}" if isinstance(default, (int, float)) else default or ""
        assert name in fixed | PASSWORDS or environment[name] == f"${{{name}:-{text}}}"
    for name in ("TZ", "KSYS_MAX_AHEAD_S"):
        assert SERVICES["schema"]["environment"][name] == environment[name]


def test_the_file_of_routes_is_where_its_readers_look_for_it() -> None:
    where = "/etc/ksys/routes.toml"
    for name in ("alarms", "notify"):
        assert SERVICES[name]["environment"]["KSYS_ROUTES"] == f"${{KSYS_ROUTES:+{where}}}"
        assert SERVICES[name]["volumes"] == [f"${{KSYS_ROUTES:-/dev/null}}:{where}:ro"]


def test_the_image_has_the_dump_programs_of_the_database() -> None:
    dockerfile = (docs.ROOT / "Dockerfile").read_text("utf-8")
    image = SERVICES["database"]["image"]
    major = re.search(r":pg(\d+)", image)
    assert major is not None
    assert f"postgresql-client-{major[1]}" in dockerfile


def test_images_are_of_a_version_and_the_tests_use_that_of_the_database() -> None:
    for name in ("database", "proxy"):
        assert re.search(r":\S*\d+\.\d+", SERVICES[name]["image"]), name
    assert SERVICES["database"]["image"] == IMAGE


def test_the_schema_is_applied_once_between_database_and_app() -> None:
    assert SERVICES["schema"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    done = {"condition": "service_completed_successfully"}
    assert SERVICES["app"]["depends_on"] == {"schema": done}
    commands = SERVICES["schema"]["command"][-1].split(" && ")
    assert len(commands) == 3
    for command in commands:
        words = [word for word in command.split()[1:] if "/" not in word]
        assert docs.command(words) == "", command


def test_what_stays_up_is_looked_after_and_started_again() -> None:
    dockerfile = (docs.ROOT / "Dockerfile").read_text("utf-8")
    assert "HEALTHCHECK" in dockerfile
    for name in ("database", "app", "app-2", "alarms", "notify", "proxy", "proxy-several"):
        assert SERVICES[name]["restart"] == "unless-stopped"
        assert name.startswith("app") or "test" in SERVICES[name]["healthcheck"]


def test_the_app_reads_as_eco_ro_and_is_published_to_this_machine_alone() -> None:
    app = SERVICES["app"]
    assert app["environment"]["TS_DSN"].startswith("postgresql://eco_ro@")
    assert [port.split(":")[0] for port in app["ports"]] == ["127.0.0.1"]
    assert "ports" not in SERVICES["database"]


@pytest.mark.parametrize("address", ["172.18.0.5", "192.168.16.3", "10.0.1.7", "127.0.0.1"])
def test_the_proxy_of_the_network_is_believed_whatever_env_says(address: str) -> None:
    assert trusts(networks(SERVICES["app"]["environment"]["KSYS_TRUSTED_PROXIES"]), address)
    assert not trusts(networks(SERVICES["app"]["environment"]["KSYS_TRUSTED_PROXIES"]), "8.8.8.8")


def test_data_and_certificates_are_in_named_volumes() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith(("./", "${"))
    }
    assert used == set(COMPOSE["volumes"])
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (docs.ROOT / source).is_file()


def test_the_proxy_runs_only_in_its_profile() -> None:
    profiles = {name: one["profiles"] for name, one in SERVICES.items() if "profiles" in one}
    assert profiles == {
        **{"proxy": ["tls"], "app-2": ["several"], "proxy-several": ["several"]},
        "notify": ["notify"],
    }
    caddyfile = (docs.ROOT / "deploy" / "Caddyfile").read_text("utf-8")
    assert "reverse_proxy {$KSYS_UPSTREAM:app:13000}" in caddyfile


def test_a_second_process_is_the_same_app_and_the_proxy_of_both_knows_it() -> None:
    same = {"build", "environment", "depends_on", "restart"}
    assert {key: SERVICES["app-2"][key] for key in same} == {
        key: SERVICES["app"][key] for key in same
    }
    assert not SERVICES["app-2"]["ports"]
    proxy = SERVICES["proxy-several"]
    assert proxy["volumes"][0].startswith("./deploy/Caddyfile-several:")
    assert proxy["environment"]["KSYS_UPSTREAMS"] == "${KSYS_UPSTREAMS:-app:13000 app-2:13000}"
    caddyfile = (docs.ROOT / "deploy" / "Caddyfile-several").read_text("utf-8")
    assert "reverse_proxy {$KSYS_UPSTREAMS:app:13000 app-2:13000} {" in caddyfile


def test_every_nginx_tells_the_app_who_asks() -> None:
    """Else a browser chooses the address under which its failed logins count."""
    files = [*(docs.ROOT / "deploy").glob("nginx*.conf"), docs.ROOT / "docs/runbooks/WS_FAIL.md"]
    assert len(files) == 3
    for file in files:
        line = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        assert file.read_text("utf-8").count(line) == 1, file
