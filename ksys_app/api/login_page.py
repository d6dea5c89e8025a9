"""The login page: plain HTML without scripts, because no other file is served before the login."""

from __future__ import annotations

import re
from html import escape
from typing import Final
from urllib.parse import urlencode

from ksys_app.models.message import Message
from ksys_app.texts import LANGUAGES, say

_LANGUAGE_RANGE: Final = re.compile(r"\s*([A-Za-z]{2})[^,;]*(?:;\s*q=([0-9.]+))?")
STYLE: Final = """
:root{color-scheme:light dark;--page:#eef0f2;--panel:#fff;--text:#1b1f24;--quiet:#56606b;
--line:#858e98;--accent:#0b5cad;--on:#fff;--crit:#b01020;--crit-soft:#fbe9ea}
@media (prefers-color-scheme:dark){:root{--page:#0f1316;--panel:#191e23;--text:#e6eaee;
--quiet:#9ca7b1;--line:#6c7884;--accent:#72b5ff;--on:#0b1a2b;--crit:#f0554b;--crit-soft:#3c1b1d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);
color:var(--text);font:16px/1.5 system-ui,"Noto Sans KR",sans-serif}
main{width:min(24rem,calc(100vw - 2rem));padding:2rem;background:var(--panel);border-radius:10px;
box-shadow:0 8px 28px rgb(0 0 0/14%)}
h1{display:flex;gap:.6rem;align-items:center;margin:0 0 1.25rem;font-size:1.25rem}
label{display:block;margin:1rem 0 .25rem;font-weight:600;font-size:.9rem}
input{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:transparent;
border:1px solid var(--line);border-radius:6px}
button,.button{display:block;width:100%;text-align:center;text-decoration:none;margin-top:1.5rem;padding:.7rem;font:inherit;font-weight:600;color:var(--on);
background:var(--accent);border:0;border-radius:6px;cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.problem{margin:0;padding:.7rem .9rem;color:var(--text);background:var(--crit-soft);
border-left:4px solid var(--crit);border-radius:4px}
.hint{color:var(--quiet);font-size:.85rem}
nav{margin-top:1.25rem;text-align:right}
a{color:var(--accent)}
"""
_LOGO: Final = (
    '<svg width="28" height="28" viewBox="0 0 24 24" aria-hidden="true"><rect width="24" '
    'height="24" rx="5" fill="#0b5cad"/><path d="M6 18v-8M10 18V6M14 18v-6M18 18v-3" '
    'stroke="#fff" stroke-width="2.2" stroke-linecap="round"/></svg>'
)
_OTHER_LANGUAGE: Final = {"en": ("ko", "한국어"), "ko": ("en", "English")}


def language_of(chosen: str | None, accept_language: str) -> str:
    """The language of the page: ``chosen``, else the one the browser prefers, else English.

    Args:
        chosen: the parameter ``lang``; a language that the app does not have is ignored.
        accept_language: the header ``Accept-Language``.
    """
    if chosen is not None and chosen in LANGUAGES:
        return chosen
    accepted = [
        (-float(match[2] or 1), at, match[1].lower())
        for at, part in enumerate(accept_language.split(","))
        if (match := _LANGUAGE_RANGE.match(part)) and _is_number(match[2])
    ]
    return next((name for _, _, name in sorted(accepted) if name in LANGUAGES), "en")


def _is_number(text: str | None) -> bool:
    return text is None or re.fullmatch(r"[0-9]*\.?[0-9]+", text) is not None


def login_page(
    language: str, action: str, after: str, user: str = "", problem: Message | None = None
) -> str:
    """The page with the login form, as HTML.

    Args:
        language: ``en`` or ``ko``.
        action: the address that the browser sends the form to.
        after: the path to open after the login.
        user: the name that was typed.
        problem: why the last attempt failed.
    """
    words = _words(language)
    problem_box = "" if problem is None else _problem_box(language, problem)
    first, second = ("", " autofocus") if user else (" autofocus", "")
    return _document(
        language,
        f"""{problem_box}
<form method="post" action="{escape(action)}">
<input type="hidden" name="next" value="{escape(after)}">
<input type="hidden" name="lang" value="{language}">
<label for="user">{words["user"]}</label>
<input id="user" name="user" value="{escape(user)}" autocomplete="username" autocapitalize="none"
spellcheck="false" required maxlength="64"{first}>
<label for="password">{words["password"]}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
maxlength="1024"{second}>
<button>{words["login"]}</button></form>
<p class="hint">{words["login_hint"]}</p>{_language_link(language, action, after)}""",
    )


def sign_in_page(
    language: str, action: str, after: str, provider: str, problem: Message | None = None
) -> str:
    """The page where people log in at an identity provider, as HTML.

    Args:
        language: ``en`` or ``ko``.
        action: the address of this page.
        after: the path to open after the login.
        provider: what people call the provider.
        problem: why the last attempt failed.
    """
    problem_box = "" if problem is None else _problem_box(language, problem)
    label = say(Message("access.sign_in", {"name": provider}), LANGUAGES[language])
    # A link, because the content policy of the page does not let a form lead to another site.
    href = f"{escape(action)}/oidc?{_query(language, after)}"
    return _document(
        language,
        f"""{problem_box}
<a class="button" href="{href}">{escape(label)}</a>{_language_link(language, action, after)}""",
    )


def password_page(
    language: str, base: str, user: str, problem: Message | None = None, *, done: bool = False
) -> str:
    """The page where users change their own passwords, as HTML.

    Args:
        language: ``en`` or ``ko``.
        base: the base path.
        user: name of the user, for the browser's list of passwords.
        problem: why the last attempt failed.
        done: whether the password has just been changed.
    """
    words = _words(language)
    back = f'<nav><a href="{escape(base)}/">{words["to_dashboard"]}</a></nav>'
    if done:
        return _document(language, f'<p role="status">{words["password_changed"]}</p>{back}')
    problem_box = "" if problem is None else _problem_box(language, problem)
    fields = (
        ("old", words["password_old"], "current-password", " autofocus"),
        ("new", words["password_new"], "new-password", ""),
        ("again", words["password_again"], "new-password", ""),
    )
    inputs = "".join(
        f'''<label for="{name}">{label}</label>
<input id="{name}" name="{name}" type="password" autocomplete="{kind}" required
maxlength="1024"{attributes}>'''
        for name, label, kind, attributes in fields
    )
    return _document(
        language,
        f"""{problem_box}
<form method="post" action="{escape(base)}/login/password">
<input type="hidden" name="lang" value="{language}">
<input type="hidden" name="user" value="{escape(user)}" autocomplete="username">
{inputs}
<button>{words["password_change"]}</button></form>
<p class="hint">{words["password_hint"]}</p>{back}""",
    )


def refused_page(language: str, problem: Message) -> str:
    """The page that shows only a problem, without a form, as HTML."""
    return _document(language, _problem_box(language, problem))


def _document(language: str, content: str) -> str:
    words = _words(language)
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{words["login_title"]}</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><style>{STYLE}</style></head>
<body><main><h1>{_LOGO}{words["login_heading"]}</h1>{content}</main></body></html>"""


def _words(language: str) -> dict[str, str]:
    return {name: escape(text) for name, text in LANGUAGES[language]["access"].items()}


def _problem_box(language: str, problem: Message) -> str:
    text = say(problem, LANGUAGES[language])
    return f'<p class="problem" role="alert">{escape(text[:1].upper() + text[1:])}.</p>'


def _language_link(language: str, action: str, after: str) -> str:
    """A link to the same page in the other language, as HTML."""
    language_to, name = _OTHER_LANGUAGE[language]
    href = f"{escape(action)}?{_query(language_to, after)}"
    return f'<nav><a lang="{language_to}" hreflang="{language_to}" href="{href}">{name}</a></nav>'


def _query(language: str, after: str) -> str:
    return escape(urlencode({"lang": language, "next": after}))
