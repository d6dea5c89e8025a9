"""The process of the screens of a demo: ``python -m ksys_app.ops.demo.screens URL COUNT``.

It is a separate process, so that its work does not count as the app's and does not delay the app.
"""

from __future__ import annotations

import asyncio
import sys

from ksys_app.ops.demo.screens.client import Refused
from ksys_app.ops.demo.screens.report import report


def main() -> int:
    """Run until SIGINT or SIGTERM; the exit code."""
    url, count = sys.argv[1:]
    try:
        asyncio.run(report(url, int(count), lambda line: print(line, flush=True)))
    except (Refused, OSError, TimeoutError) as error:
        print(f"screens: ended: {error or 'no tiles after four minutes'}", flush=True)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
