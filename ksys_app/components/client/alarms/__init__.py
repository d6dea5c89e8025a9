"""Alarms: the pages and the banner. The browser fetches their data over HTTP (PRD §32.8)."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library
from ksys_app.components.client.grid import VIRTUAL
from ksys_app.components.client.shell import DIALOG, MENU


class AlarmBoard(rx.Component):
    """The list of active or of shelved alarms, with counts, filters and actions."""

    library = library("alarms/board.jsx")
    tag = "AlarmBoard"
    lib_dependencies: list[str] = VIRTUAL + DIALOG


class AlarmJournal(rx.Component):
    """The journal of a period, with one line for each episode or for each event, and its file."""

    library = library("alarms/journal.jsx")
    tag = "AlarmJournal"


class AlarmKpi(rx.Component):
    """The performance figures of a period with their definitions, and the alarms behind them."""

    library = library("alarms/kpi.jsx")
    tag = "AlarmKpi"


class AlarmBanner(rx.Component):
    """The alarm line of every page: the most urgent alarm, counts, the sound."""

    library = library("alarms/banner.jsx")
    tag = "AlarmBanner"
    lib_dependencies: list[str] = DIALOG + MENU
