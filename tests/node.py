"""Runs the functions of the browser's scripts in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ksys_app.ops.embedded import NODE

CLIENT = Path(__file__).resolve().parents[1] / "ksys_app" / "components" / "client"


def run(script: str, expression: str, *arguments: Any) -> Any:
    """The value of an expression over a script's exports ``m`` and the arguments ``given``."""
    code = (
        f"import * as m from {json.dumps((CLIENT / script).as_uri())};"
        "let text = ''; for await (const part of process.stdin) text += part;"
        "const given = JSON.parse(text);"
        f"console.log(JSON.stringify({expression}))"
    )
    done = subprocess.run(
        [str(NODE), "--no-warnings", "--input-type=module", "-e", code],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
