"""Badges that explain themselves in a popover."""

from __future__ import annotations

import reflex as rx

from ksys_app.components import client
from ksys_app.components.words import A, T, filled
from ksys_app.models.views import TileView

# The places of the parts of TileView.alarm.
RULE, HOW, VALUE, LIMIT = range(4)


def alarm_badge(row: TileView) -> rx.Component:
    """The alarm of a tag: ``-`` without one, else a button whose popover explains it."""
    level, alarm = row.alarm_level, alarm_text(row)
    return rx.cond(
        level > 0,
        client.Explain.create(
            alarm_mark(level),
            rx.el.span(alarm_kind(row), class_name="word"),
            title=T.alarm_title,
            lines=[alarm, _explained(row)],
            class_name="badge",
            data_testid="tile-alarm",
            data_level=level,
            data_alarm=alarm,
        ),
        rx.el.span(
            rx.cond(
                is_unjudged(row),
                rx.fragment(
                    rx.el.span(A.unjudged_short, aria_hidden="true"),
                    rx.el.span(alarm, class_name="sr-only"),
                ),
                rx.fragment(
                    rx.el.span(T.alarm_none, aria_hidden="true"),
                    rx.el.span(T.alarm_none_says, class_name="sr-only"),
                ),
            ),
            class_name="badge badge-none",
            title=rx.cond(is_unjudged(row), alarm, ""),
            data_testid="tile-alarm",
            data_level=0,
            data_alarm=alarm,
        ),
    )


def is_unjudged(row: TileView) -> rx.Var[bool]:
    """Whether no worker evaluates alarms, so that the absence of an alarm means nothing."""
    return (row.alarm_level == 0) & (row.alarm.length() > 0)


def alarm_text(row: TileView) -> rx.Var[str]:
    """Level, reason and figures of the worst violation; ``-`` without one.

    If no worker evaluates alarms, the text says since when.
    """
    words = {"level": _level(row), "reason": row.alarm[RULE], "figures": alarm_figures(row)}
    without = rx.cond(is_unjudged(row), alarm_figures(row), T.alarm_none)
    return rx.cond(row.alarm_level > 0, filled(T.alarm_text, **words), without)


def alarm_kind(row: TileView) -> rx.Var[str]:
    """Level and reason of the worst violation: ``crit HH``."""
    return _level(row) + " " + row.alarm[RULE]


def alarm_figures(row: TileView) -> rx.Var[str]:
    """The value and the limit that it breaks, ``196.2 ≥ 195``; only for a tag with a violation."""
    return filled(A.at(row.alarm[HOW]), value=row.alarm[VALUE], limit=row.alarm[LIMIT])


def _explained(row: TileView) -> rx.Var[str]:
    limits = rx.cond(row.alarm_level == 2, T.alarm_crit, T.alarm_warn)
    return rx.cond(row.alarm[RULE] == "BAD", T.alarm_bad, limits)


def _level(row: TileView) -> rx.Var[str]:
    return rx.cond(row.alarm_level == 2, A.level_crit, A.level_warn)


def alarm_mark(level: rx.Var[int]) -> rx.Component:
    """The symbol of an alarm, hidden from screen readers, which read the word beside it."""
    return client.Mark.create(kind=rx.cond(level == 2, "crit", "warn"))
