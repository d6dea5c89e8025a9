"""Links from one page to another, with the tag and the window that are looked at."""

from __future__ import annotations

import reflex as rx
from reflex.vars import VarData

from ksys_app.components.client.files import library


def page_link(path: str, tag: rx.Var[str], window: rx.Var[str]) -> str:
    """``/trend?tag=…&window=…``; a tag may hold any sign."""
    encoded: rx.Var[str] = rx.Var(
        f"encodeURIComponent({tag!s})", _var_type=str, _var_data=tag._get_all_var_data()
    )
    return f"{path}?tag={encoded}&window={window}"


def file_link(path: rx.Var[str]) -> rx.Var[str]:
    """Where the browser finds a path of the app that is no page: under the base path."""
    imported = VarData(imports={library("lib/paths.js"): ["at"]})
    merged = VarData.merge(imported, path._get_all_var_data())
    return rx.Var(f"at({path!s})", _var_type=str, _var_data=merged)
