"""Links between pages that keep the tag and the window."""

from __future__ import annotations

import reflex as rx
from reflex.vars import VarData

from ksys_app.components.client.files import library


def page_link(path: str, tag: rx.Var[str], window: rx.Var[str]) -> str:
    """The link ``/trend?tag=…&window=…``, in which the tag is encoded."""
    encoded: rx.Var[str] = rx.Var(
        f"encodeURIComponent({tag!s})", _var_type=str, _var_data=tag._get_all_var_data()
    )
    return f"{path}?tag={encoded}&window={window}"


def file_link(path: rx.Var[str]) -> rx.Var[str]:
    """The address, under the base path, of a file or an endpoint of the app."""
    imported = VarData(imports={library("lib/paths.js"): ["at"]})
    merged = VarData.merge(imported, path._get_all_var_data())
    return rx.Var(f"at({path!s})", _var_type=str, _var_data=merged)
