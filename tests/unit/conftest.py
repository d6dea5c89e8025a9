"""Shared fixtures for tests of a tick."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ksys_app import db
from ksys_app.log import logger
from tests.ticks import Lines, Rows


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    source = Rows()
    monkeypatch.setattr(db, "_current", source)
    return source


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, level = Lines(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
