"""Links from one page to another, with the tag and the window that are looked at."""

from __future__ import annotations

import reflex as rx


def page_link(path: str, tag: rx.Var[str], window: rx.Var[str]) -> str:
    """``/trend?tag=…&window=…``; a tag may hold any sign."""
    encoded = rx.Var(
        f"encodeURIComponent({tag!s})", _var_type=str, _var_data=tag._get_all_var_data()
    )
    return f"{path}?tag={encoded}&window={window}"
