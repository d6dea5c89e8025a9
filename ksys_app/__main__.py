"""Where the ``ksys`` command begins: nothing of it is loaded before a signal can end it quietly."""

from __future__ import annotations

import signal


def main() -> None:
    """Load the command line and run it."""
    # Loading takes a second, and there is nothing to end tidily before it is done. A shell may have
    # started it so that Ctrl-C is ignored, which stays.
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ksys_app.cli import main as command_line

    if heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command_line()


if __name__ == "__main__":
    main()
