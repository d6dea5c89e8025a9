"""Serve the runbooks of ``docs/runbooks/`` as HTML; error boxes link to them (PRD §8.4)."""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import APIRouter, Response
from markdown_it import MarkdownIt

from ksys_app import resources
from ksys_app.api.docs import STYLE, styled
from ksys_app.api.render import json_response

# The name is a key of this dictionary and never a path, so no other file can be read.
RUNBOOKS: Final = {path.stem: path for path in sorted(resources.RUNBOOKS.glob("*.md"))}

RUNBOOK_STYLE: Final = f"{STYLE}pre{{overflow-x:auto;background:#8882;padding:.5rem .75rem}}"
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")

router = APIRouter()


@router.get("/docs/runbooks/{code}.md", include_in_schema=False)
def runbook(code: str) -> Response:
    """The runbook of an error code; a JSON 404 for anything else."""
    path = RUNBOOKS.get(code)
    if path is None:
        message = f"there is no runbook {code[:40]!r}; /docs/runbooks/README.md lists them"
        return json_response({"error": {"code": "NOT_FOUND", "message": message}}, 404)
    return styled(page(code, path.read_text("utf-8")), RUNBOOK_STYLE)


def page(title: str, markdown: str) -> str:
    """A runbook as one HTML page without scripts. Raw HTML in its text is escaped."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{RUNBOOK_STYLE}</style>'
        f"<main>{_MARKDOWN.render(markdown)}</main></html>"
    )
