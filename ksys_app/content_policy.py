"""Content security policies: which scripts and styles a response may use (PRD §10)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Final

HEADER: Final = "Content-Security-Policy"
# For every response without its own policy: data, files, and errors of other layers.
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def of_built_page(html: str) -> str:
    """The policy of a built page; it allows only the inline scripts in ``html``.

    Args:
        html: the page as it is sent, with the base path in it.
    """
    return "; ".join(
        (
            "default-src 'self'",
            _directive("script-src", ("'self'", *_hashes(inline_scripts(html)))),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def of_document(style: str, form: bool = False) -> str:
    """The policy of a document that has one ``<style>`` element, and no script.

    Args:
        style: the text of that element.
        form: whether the document has a form that is sent to the app.
    """
    own = NOTHING.replace("form-action 'none'", "form-action 'self'") if form else NOTHING
    return f"{own}; img-src 'self'; {_directive('style-src', _hashes([style]))}"


def inline_scripts(html: str) -> list[str]:
    """The texts of the inline scripts of ``html``, in order."""
    parser = _Scripts()
    parser.feed(html)
    parser.close()
    return parser.texts


def source_of(text: str) -> str:
    """How a policy names an inline script or style: ``'sha256-…'``."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _hashes(texts: Iterable[str]) -> list[str]:
    return sorted({source_of(text) for text in texts})


def _directive(name: str, sources: Iterable[str]) -> str:
    return " ".join((name, *sources))


class _Scripts(HTMLParser):
    """Collects the texts of inline scripts; no entity is replaced, as in a browser."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data
