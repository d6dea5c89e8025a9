"""Alarms: the list and the line on every page. The browser fetches what they show (PRD §32.8)."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.grid import VIRTUAL
from ksys_app.components.client.shell import DIALOG, MENU


class AlarmBoard(rx.Component):
    """What stands now, or what was set aside: counts, the list, and what can be done with it."""

    library = library("alarms/board.jsx")
    tag = "AlarmBoard"
    lib_dependencies: list[str] = VIRTUAL + DIALOG


class AlarmJournal(rx.Component):
    """The journal: a span of time, an episode to a line or each event alone, and its file."""

    library = library("alarms/journal.jsx")
    tag = "AlarmJournal"


class AlarmKpi(rx.Component):
    """The figures of a time with their definitions, and the alarms behind them."""

    library = library("alarms/kpi.jsx")
    tag = "AlarmKpi"


class AlarmBanner(rx.Component):
    """The line about alarms on every page: the most urgent one, counts, the sound."""

    library = library("alarms/banner.jsx")
    tag = "AlarmBanner"
    lib_dependencies: list[str] = DIALOG + MENU
