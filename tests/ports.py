"""Ports for the servers that tests start."""

from __future__ import annotations

import itertools
import os
import re
import socket
from typing import Final

# Below 32,768, from where Linux takes the ports of outgoing connections: between the choice of a
# port and the start of its server, none of them can take it.
FIRST: Final = 20_000
OF_A_WORKER: Final = 750
WORKERS: Final = 16

_number = itertools.count(os.getpid())


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on, and that no other worker chooses."""
    worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0"))
    first = FIRST + int(worker) % WORKERS * OF_A_WORKER
    for _ in range(OF_A_WORKER):
        port = first + next(_number) % OF_A_WORKER
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError(f"all ports from {first} on are in use")
