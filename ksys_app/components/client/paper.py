"""What is on paper and not on the screen."""

from __future__ import annotations

import reflex as rx

from ksys_app.components.client.files import library


class PaperHead(rx.Component):
    """What a page on paper is of: subject, window with its ends, time of the data, zone.

    Attributes:
        subjects: the tags, or the filter; empty for all tags.
        name: what the subjects are called.
        period: the window's label, empty on a page without one.
        spans: seconds of each window by its label.
        zoom: the part of the window that a chart shows, epoch ms; empty for all of it.
    """

    library = library("paper.jsx")
    tag = "PaperHead"

    subjects: rx.Var[str]
    name: rx.Var[str]
    period: rx.Var[str]
    spans: rx.Var[dict[str, int]]
    zoom: rx.Var[list[int]]
