"""The entry point of the ``ksys`` command; Ctrl-C ends it quietly even while it loads."""

from __future__ import annotations

import signal

from ksys_app.utils.loading import loading


def main() -> None:
    """Load the command line and run it."""
    # Loading takes a second. Until then nothing needs to be shut down in order, so the default
    # action of the signal is right. If a shell started the command so that Ctrl-C is ignored, it
    # stays ignored.
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    with loading():
        from ksys_app.cli import main as command_line

    if heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command_line()


if __name__ == "__main__":
    main()
