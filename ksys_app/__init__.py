"""Ksys Dashboard: live tags, trends and recovery tools over TimescaleDB."""

from typing import Final

__version__: Final = "0.1.0"
