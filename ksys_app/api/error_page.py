"""The page for a browser that the wall turns away: the reason in the reader's language."""

from __future__ import annotations

from ksys_app import content_policy
from ksys_app.api.login_page import STYLE, language_of, refused_page
from ksys_app.errors import KsysError


def error_page(error: KsysError, wanted: str) -> tuple[bytes, str]:
    """The page as HTML, and its policy.

    Args:
        error: why nothing else is shown.
        wanted: the header ``Accept-Language``.
    """
    html = refused_page(language_of(None, wanted), error.said)
    return html.encode("utf-8"), content_policy.of_document(STYLE)
