"""The boxes that a page shows instead of data: loading, no data, or an error."""

from __future__ import annotations

import reflex as rx
from reflex.event import EventSpec
from reflex_components_core.el.elements.inline import A
from reflex_components_core.react_router import link

from ksys_app.components import client
from ksys_app.components.links import file_link
from ksys_app.components.tokens import CONTROL
from ksys_app.components.words import L, T, sentence
from ksys_app.models.views import Problem

# Why the list is empty, by the kind of trouble of the filter.
NONE = {
    "crit": T.none_crit,
    "warn": T.none_warn,
    "old": T.none_old,
    "still": T.none_still,
    "never": T.none_never,
    "pinned": T.none_pinned,
}


def error_box(problem: rx.Var[Problem], on_retry: rx.EventHandler) -> rx.Component:
    """An error: what happened and since when, what to do, the code, and a link to the runbook.

    The first button is Retry. If the link names something that does not exist, the first button
    leads out of it instead: ``on_retry`` then opens the page without that link.
    """
    wrong = problem.way != ""
    return rx.el.section(
        rx.el.p(
            client.Mark.create(kind="crit"),
            rx.el.code(problem.code),
            class_name="box-code",
        ),
        rx.el.h2(rx.cond(wrong, T.link_title, T.error_title)),
        rx.el.p(sentence(problem.message), class_name="box-message"),
        rx.cond(
            wrong,
            rx.el.p(T.link_tell, class_name="box-quiet"),
            rx.el.p(
                client.ProblemSince.create(since_ms=problem.since_ms, retry_in=problem.retry_in),
                " ",
                rx.cond(problem.retry_in > 0, T.error_does, ""),
                " ",
                T.error_tell,
                class_name="box-quiet",
            ),
        ),
        rx.cond(
            problem.request_id != "",
            rx.el.p(
                T.error_id,
                " ",
                rx.el.code(problem.request_id, data_testid="request-id"),
                class_name="box-quiet",
            ),
        ),
        rx.el.p(
            rx.match(
                problem.way,
                (
                    "choose",
                    client.OpenPicker.create(text=T.link_choose, class_name=CONTROL["primary"]),
                ),
                ("open", _first_button(T.link_open, on_retry, "way-out")),
                _first_button(L.retry, on_retry, "retry"),
            ),
            rx.cond(
                problem.runbook != "",
                A.create(
                    T.runbook,
                    href=file_link("/" + problem.runbook),
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


def _first_button(text: str, on_click: rx.EventHandler, name: str) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        class_name=CONTROL["primary"],
        on_click=on_click,
        data_testid=name,
    )


def lost_box() -> rx.Component:
    """The content of a page that does not exist, with a link to the dashboard."""
    return rx.el.section(
        rx.el.h2(T.lost_what),
        rx.el.p(T.lost_why),
        rx.el.p(
            link(T.lost_do, to="/", class_name=CONTROL["primary"]),
            class_name="box-actions",
        ),
        class_name="box",
        data_testid="lost-box",
    )


def empty_box() -> rx.Component:
    """There is no tag at all: says why, and what to do."""
    return rx.el.section(
        rx.el.h2(T.empty_title),
        rx.el.p(T.empty_why),
        rx.el.p(T.empty_do, " ", rx.el.code(T.empty_command), "."),
        rx.el.p(T.empty_then, class_name="box-quiet"),
        class_name="box",
        data_testid="empty-box",
    )


def no_match_box(text: rx.Var[str], on_clear: EventSpec) -> rx.Component:
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


def none_left_box(only: rx.Var[str], words: rx.Var[str], on_clear: EventSpec) -> rx.Component:
    """No tag has the kind of trouble of the filter."""
    return rx.el.section(
        rx.el.h2(T.none_title),
        rx.el.p(rx.match(only, *NONE.items(), "")),
        rx.cond(words != "", rx.el.p(T.none_filtered, " ", rx.el.code(words), "."), rx.fragment()),
        rx.el.p(
            rx.el.button(
                L.only_off, type="button", class_name=CONTROL["control"], on_click=on_clear
            ),
            class_name="box-actions",
        ),
        class_name="box",
        data_testid="none-left-box",
    )


def pins_note(on_keep: rx.EventHandler, on_own: rx.EventHandler) -> rx.Component:
    """The link has its own pins: offers to keep them, or to show the pins of this browser."""
    return rx.el.p(
        T.pins_linked,
        *(
            rx.el.button(
                text,
                type="button",
                class_name=CONTROL["control"],
                on_click=on_click,
                data_testid=name,
            )
            for text, on_click, name in (
                (T.pins_keep, on_keep, "pins-keep"),
                (T.pins_own, on_own, "pins-own"),
            )
        ),
        class_name="note pins-note",
        role="status",
        data_testid="pins-note",
    )


def crash_box() -> rx.Component:
    """The content of a page whose rendering failed."""
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
