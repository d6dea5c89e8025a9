"""``/comm``: what it will hold, until it does."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link

from ksys_app.components.layout import Place, shell
from ksys_app.components.tokens import CONTROL
from ksys_app.states.base import BaseState
from ksys_app.texts import T

ON_LOAD = BaseState.load_footer
CONTENTS = {
    "/comm": (T.nav_comm, T.soon_comm),
}


def page(route: str) -> rx.Component:
    """The page at ``route``."""
    title, points = CONTENTS[route]
    return shell(
        route,
        title,
        rx.el.section(
            rx.el.h2(T.soon_title),
            rx.el.p(T.soon_what, class_name="box-quiet"),
            rx.el.ul(*(rx.el.li(point) for point in points)),
            rx.el.p(
                link(T.soon_back, to="/", class_name=CONTROL["control"]), class_name="box-actions"
            ),
            class_name="box",
            data_testid="soon",
        ),
        place=Place.of(BaseState),
    )
