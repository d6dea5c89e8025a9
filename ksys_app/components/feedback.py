"""What a page shows in place of data: nothing yet, nothing at all, or what went wrong."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.el.elements.inline import A

from ksys_app.components import client
from ksys_app.components.tokens import CONTROL
from ksys_app.models.views import Problem
from ksys_app.texts import T


def error_box(problem: rx.Var[Problem], on_retry: rx.EventHandler) -> rx.Component:
    """What happened, since when, what the page does about it, its code, its runbook, Retry."""
    return rx.el.section(
        rx.el.p(
            client.Mark.create(kind="crit"),
            rx.el.code(problem.code),
            class_name="box-code",
        ),
        rx.el.h2(T.error_title),
        rx.el.p(problem.message, class_name="box-message"),
        rx.el.p(
            client.ProblemSince.create(since_ms=problem.since_ms, retry_in=problem.retry_in),
            " ",
            rx.cond(problem.retry_in > 0, T.error_does, ""),
            class_name="box-quiet",
        ),
        rx.el.p(
            rx.el.button(
                T.live.retry,
                type="button",
                class_name=CONTROL["primary"],
                on_click=on_retry,
                data_testid="retry",
            ),
            rx.cond(
                problem.runbook != "",
                A.create(
                    T.runbook,
                    href="/" + problem.runbook,
                    target="_blank",
                    rel="noopener",
                    class_name=CONTROL["link"],
                ),
                None,
            ),
            class_name="box-actions",
        ),
        class_name="box box-error",
        data_testid="error-box",
        data_code=problem.code,
    )


def empty_box() -> rx.Component:
    """No tag at all: why, and what to do."""
    return rx.el.section(
        rx.el.h2(T.empty_title),
        rx.el.p(T.empty_why),
        rx.el.p(T.empty_do, " ", rx.el.code(T.empty_command), "."),
        rx.el.p(T.empty_then, class_name="box-quiet"),
        class_name="box",
        data_testid="empty-box",
    )


def no_match_box(text: rx.Var[str], on_clear: rx.EventSpec) -> rx.Component:
    """No tag matches the filter."""
    return rx.el.section(
        rx.el.h2(T.nomatch_title),
        rx.el.p(T.nomatch_why, " ", rx.el.code(text), "."),
        rx.el.p(
            rx.el.button(
                T.filter_clear, type="button", class_name=CONTROL["control"], on_click=on_clear
            ),
            class_name="box-actions",
        ),
        class_name="box",
        data_testid="no-match-box",
    )


def crash_box() -> rx.Component:
    """In place of a page whose rendering failed."""
    return rx.el.main(
        rx.el.section(
            rx.el.h1(T.crash_title),
            rx.el.p(T.crash_why, class_name="box-quiet"),
            rx.el.p(
                A.create(T.crash_do, href="", class_name=CONTROL["primary"]),
                class_name="box-actions",
            ),
            class_name="box box-error",
        ),
        class_name="crash",
    )
