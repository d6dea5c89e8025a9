"""Badges that explain themselves in a popover."""

from __future__ import annotations

import reflex as rx

from ksys_app.components import client
from ksys_app.texts import T


def alarm_badge(alarm: rx.Var[str], level: rx.Var[int], short: rx.Var[str]) -> rx.Component:
    """The Alarm of a tag: ``-`` while normal, else a button that tells the figures.

    Args:
        alarm: level, reason and figures.
        level: 0 none, 1 warn, 2 crit.
        short: level and reason, for where there is no room.
    """
    return rx.cond(
        level > 0,
        client.Explain.create(
            alarm_mark(level),
            rx.el.span(short, class_name="word"),
            title=T.alarm_title,
            lines=[alarm, rx.cond(level == 2, T.alarm_crit, T.alarm_warn)],
            class_name="badge",
            data_testid="tile-alarm",
            data_level=level,
            data_alarm=alarm,
        ),
        rx.el.span(
            rx.el.span(T.alarm_none, aria_hidden="true"),
            rx.el.span(T.alarm_none_says, class_name="sr-only"),
            class_name="badge badge-none",
            data_testid="tile-alarm",
            data_level=0,
            data_alarm=alarm,
        ),
    )


def alarm_mark(level: rx.Var[int]) -> rx.Component:
    """The symbol of an alarm, for the eye only; the word stands beside it."""
    return client.Mark.create(kind=rx.cond(level == 2, "crit", "warn"))
