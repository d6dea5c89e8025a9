"""``/alarms`` and the pages below it. The browser fetches their data (PRD §32.8)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import reflex as rx

from ksys_app.components.client.alarms import AlarmBoard, AlarmJournal, AlarmKpi
from ksys_app.components.layout import Place, shell
from ksys_app.components.words import AL
from ksys_app.states.place import PlaceState as State


def page(route: str, title: rx.Var[str], content: type[rx.Component]) -> rx.Component:
    """A page about alarms. The sidebar has one entry for all of them."""
    return shell(route, title, content.create(), place=Place.of(State))


# Route, title and page.
PAGES: Final[tuple[tuple[str, rx.Var[str], Callable[[], rx.Component]], ...]] = tuple(
    (route, title, partial(page, route, title, content))
    for route, title, content in (
        ("/alarms", AL.nav, AlarmBoard),
        ("/alarms/journal", AL.title_journal, AlarmJournal),
        ("/alarms/kpi", AL.title_kpi, AlarmKpi),
    )
)
