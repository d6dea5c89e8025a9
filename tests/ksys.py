"""The installed ``ksys`` command, run as a person runs it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

KSYS = Path(sys.executable).with_name("ksys")


async def ksys(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    process = await asyncio.create_subprocess_exec(
        KSYS,
        *arguments,
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
