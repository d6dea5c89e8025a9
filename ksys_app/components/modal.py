"""The dialog with the detail of one tag."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link

from ksys_app.components import client
from ksys_app.components.links import page_link
from ksys_app.components.standing import standing
from ksys_app.components.table_components import figure_list, sample_table
from ksys_app.components.words import ED, FEATURES, LIMITS, T, filled, message_text
from ksys_app.models.views import DetailView, Standing


def detail_modal(
    is_open: rx.Var[bool],
    is_loading: rx.Var[bool],
    detail: rx.Var[DetailView],
    now: rx.Var[list[Standing]],
    window: rx.Var[str],
    on_close: rx.EventHandler,
) -> rx.Component:
    """The dialog of a tag: its current state, limits, 5-minute features, newest samples, links.

    Args:
        is_open: whether the dialog is open.
        is_loading: whether the detail is loading.
        detail: the content.
        now: a list with the current state of the tag, empty until it is loaded.
        window: the window of the links.
        on_close: closes the dialog.
    """
    return client.Modal.create(
        rx.cond(is_loading, _loading(), _content(detail, now)),
        _links(detail, window),
        open=is_open,
        title=detail.title,
        subtitle=detail.subtitle,
        close_label=T.close,
        on_close=on_close,
        data_testid="detail",
        aria_busy=is_loading,
    )


def _content(detail: rx.Var[DetailView], now: rx.Var[list[Standing]]) -> rx.Component:
    return rx.el.div(
        rx.foreach(now, standing),
        rx.el.div(
            _section(
                T.limits,
                rx.cond(
                    detail.limits.length() > 0, figure_list(detail.limits, LIMITS.each()), None
                ),
                rx.cond(
                    detail.note.key != "",
                    rx.el.p(message_text(detail.note), class_name="note"),
                    None,
                ),
            ),
            _section(
                rx.cond(
                    detail.since_s != "",
                    filled(T.features_since, time=detail.since_s),
                    T.features,
                ),
                rx.cond(
                    detail.features.length() > 0,
                    figure_list(detail.features, FEATURES.each()),
                    rx.el.p(T.no_features, class_name="note"),
                ),
            ),
        ),
        _section(
            T.samples,
            rx.cond(
                detail.samples.length() > 0,
                sample_table(detail.samples),
                rx.el.p(T.no_samples, class_name="note"),
            ),
        ),
        class_name="dialog-body",
    )


def _section(title: rx.Var[str], *children: rx.Component) -> rx.Component:
    return rx.el.section(rx.el.h3(title), *children)


def _loading() -> rx.Component:
    return rx.el.div(
        rx.el.span(T.loading_detail, class_name="sr-only"),
        *(rx.el.div(class_name="bone bone-block") for _ in range(3)),
        class_name="dialog-body",
    )


def _links(detail: rx.Var[DetailView], window: rx.Var[str]) -> rx.Component:
    pages = (
        ("/trend", T.to_trend),
        ("/tech", T.to_tech),
        ("/comm", T.to_comm),
        ("/limits", ED.edit_limits),
    )
    return rx.el.nav(
        rx.el.span(T.open_in),
        *(link(name, to=page_link(path, detail.title, window)) for path, name in pages),
        class_name="dialog-links",
        aria_label=T.navigation,
    )
