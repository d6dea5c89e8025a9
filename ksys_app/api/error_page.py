"""The page for a browser whose request is refused: the reason in the reader's language."""

from __future__ import annotations

from ksys_app import content_policy
from ksys_app.api.login_page import STYLE, language_of, refused_page
from ksys_app.errors import KsysError


def error_page(error: KsysError, accept_language: str) -> tuple[bytes, str]:
    """The page as HTML bytes, and its content policy.

    Args:
        error: why the request is refused.
        accept_language: the header ``Accept-Language``.
    """
    html = refused_page(language_of(None, accept_language), error.sentence)
    return html.encode("utf-8"), content_policy.of_document(STYLE)
