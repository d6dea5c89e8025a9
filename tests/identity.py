"""A real identity provider on loopback, and a login at its own pages."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from ksys_app.ops.embedded import NODE
from tests import sharing
from tests.waiting import HANGS_S

HERE = Path(__file__).with_name("provider")
SECRET = "the secret of the app"
ACCOUNTS = {
    "ann": {"groups": ["plant-viewers"]},
    "eve": {"groups": ["everybody", "plant-viewers", "plant-engineers"]},
    "mallory": {"groups": ["visitors"]},
}
ROLES = "viewer=plant-viewers;engineer=plant-engineers"


def settings(issuer: str) -> dict[str, str]:
    """The settings of an app whose users log in at this provider."""
    return {
        "KSYS_AUTH": "oidc",
        "KSYS_OIDC_ISSUER": issuer,
        "KSYS_OIDC_CLIENT_ID": "ksys",
        "KSYS_OIDC_CLIENT_SECRET": SECRET,
        "KSYS_OIDC_SCOPES": "openid profile groups",
        "KSYS_OIDC_ROLES": ROLES,
    }


async def installed() -> None:
    """Install the provider, unless the version of its lock is installed."""
    lock = HERE / "package-lock.json"
    async with sharing.one_at_a_time("provider"):
        copy = HERE / "node_modules" / ".installed"
        if copy.is_file() and copy.read_bytes() == lock.read_bytes():
            return
        npm = await asyncio.create_subprocess_exec(
            str(NODE),
            str(NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
            *("ci", "--prefix", str(HERE), "--no-audit", "--no-fund", "--loglevel=error"),
            stdout=asyncio.subprocess.DEVNULL,
            env=os.environ | {"PATH": f"{NODE.parent}:{os.environ.get('PATH', '')}"},
        )
        assert await npm.wait() == 0
        copy.write_bytes(lock.read_bytes())


@asynccontextmanager
async def provider(app: str, **more: Any) -> AsyncIterator[str]:
    """The issuer of a provider that knows the app at an address; see provider.mjs for ``more``."""
    await installed()
    options = {"key": "first", "accounts": ACCOUNTS, "callback": f"{app}/login/callback"}
    options |= {"back": f"{app}/login"} | more
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(HERE / "provider.mjs"),
        json.dumps(options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        first = (await process.stdout.readline()).decode().strip()
        assert first.startswith("ready: "), first
        yield first.removeprefix("ready: ")
    finally:
        process.kill()
        await process.wait()


async def visit(address: str, user: str) -> str:
    """Log in at the provider's pages and agree; the address that it sends the browser back to."""
    back = re.compile(r".*/login/callback\?.*")
    async with httpx.AsyncClient(timeout=HANGS_S) as browser:
        answer = await browser.get(address)
        for _ in range(10):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["location"])
                if back.fullmatch(address):
                    return address
                answer = await browser.get(address)
                continue
            page = answer.text
            action = re.search(r'action="([^"]+)"', page)
            assert action is not None, page
            fields: Mapping[str, str] = dict(
                re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', page)
            )
            sent = {**fields, "login": user, "password": "any"}
            to = urljoin(str(answer.url), unescape(action[1]))
            answer = await browser.post(to, data=sent)
    raise AssertionError(f"the provider does not send {user} back")
