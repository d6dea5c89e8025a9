"""The documentation page for people: the OpenAPI document as one HTML page without scripts."""

from __future__ import annotations

import posixpath
from html import escape
from typing import Any, Final

from fastapi.responses import HTMLResponse

from ksys_app import content_policy

PATH: Final = "/api/v1/docs"
STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{font:13px ui-monospace,monospace}section{border-top:1px solid #8884;padding:1rem 0}
table{border-collapse:collapse;margin:.5rem 0}td,th{text-align:left;padding:.25rem 1rem .25rem 0;
vertical-align:top;border-bottom:1px solid #8883}h2{font-size:1.05rem;margin:0}
"""


def styled(html: str, style: str) -> HTMLResponse:
    """A response with this HTML. Its content policy allows only ``style``, and no script."""
    policy = content_policy.of_document(style)
    return HTMLResponse(html, headers={content_policy.HEADER: policy})


def page(document: dict[str, Any]) -> str:
    """The OpenAPI document as HTML: each path with its parameters, fields and statuses."""
    info = document["info"]
    paths = "".join(
        _operation(path, operation, document.get("components", {}).get("schemas", {}))
        for path, item in document["paths"].items()
        for operation in item.values()
    )
    title = f"{escape(info['title'])} HTTP API {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<main><h1>{title}</h1><p>{escape(info.get('summary', ''))} The document for machines "
        f'is <a href="openapi.json">openapi.json</a>.</p>{paths}</main></html>'
    )


def _operation(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{_allowed(p['schema'])}</td></tr>"
        for p in operation.get("parameters", [])
    )
    statuses = "".join(
        f"<tr><td>{status}</td><td>{escape(answer.get('description', ''))}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f'<section><h2><code>GET <a href="{_from_here(path)}">{escape(path)}</a></code></h2>'
        f"<p>{escape(operation.get('description', operation.get('summary', '')))}</p>"
        + (f"<table><tr><th>Parameter<th>Allowed{parameters}</table>" if parameters else "")
        + _fields(operation["responses"].get("200", {}), schemas)
        + f"<table><tr><th>Status<th>Meaning{statuses}</table></section>"
    )


def _from_here(path: str) -> str:
    """A relative link from this page to a path of the app, which also works under a base path."""
    return escape(posixpath.relpath(path, posixpath.dirname(PATH)))


def _allowed(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", []), schema.get("items", {})]
    for values in (option["enum"] for option in options if "enum" in option):
        return " ".join(f"<code>{escape(str(value))}</code>" for value in values)
    examples = [e for option in options for e in option.get("examples", [])]
    return "text" + (f", e.g. <code>{escape(str(examples[0]))}</code>" if examples else "")


def _fields(answer: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    many = schema.get("items", {})
    shapes = [name for name in map(_named, schema.get("anyOf", [many or schema])) if name]
    fields = (_names(schemas[name]["properties"]) for name in shapes)
    kind = "A list of objects" if many else "An object"
    return "".join(f"<p>{kind} with {names}.</p>" for names in fields)


def _named(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def _names(properties: dict[str, Any]) -> str:
    return " ".join(f"<code>{escape(field)}</code>" for field in properties)
