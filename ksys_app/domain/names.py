"""What a tag may be called."""

from __future__ import annotations

from typing import Final

MAX_TAG_LENGTH: Final = 200
"""Characters of a tag's name; longer ones could neither be indexed nor asked for (PRD §4.8)."""
