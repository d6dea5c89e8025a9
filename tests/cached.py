"""The app's cache of answers, for tests."""

from __future__ import annotations

from ksys_app.services import runtime


def forget_answers() -> None:
    """Remove every answer from the cache, so that each is read from the database again."""
    cache = runtime.current().database.cache
    while cache._entries:
        cache._dropped(cache._entries.popitem()[1])
