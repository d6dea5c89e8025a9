"""Which names and addresses a saved view may have."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

from ksys_app.domain.saved_views import (
    MAX_QUERY,
    PARAMETERS,
    WrongView,
    clean_name,
    clean_query,
)
from ksys_app.states import comm_address, series_link
from ksys_app.states.dashboard import DashboardState
from ksys_app.states.explore import ExploreState
from ksys_app.texts import say


@pytest.mark.parametrize("name", ["A", "Night / 야간 조", "n" * 80, " around ", "..."])
def test_names_of_any_language(name: str) -> None:
    assert clean_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "  ", "n" * 81, "a\nb", "a\0b", "a\u202eb"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(WrongView) as caught:
        clean_name(name)
    assert caught.value.sentence.key == "errors.view_name"


@pytest.mark.parametrize("name", [".", "..", " .. "])
def test_a_name_that_is_a_step_in_a_path_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(WrongView) as caught:
        clean_name(name)
    assert say(caught.value.sentence).startswith(f"nothing can be saved as {name.strip()!r}:")


@pytest.mark.parametrize(
    ("path", "query", "stored"),
    [
        ("/", "", ""),
        ("/explore", "tags=D100,D200&window=24h&hide=", "tags=D100,D200&window=24h"),
        ("/explore", "tags=a%252Cb&from=now-6h&to=now", "tags=a%252Cb&from=now-6h&to=now"),
        ("/trend", "tag=Pump 1 / %EC%95%95", "tag=Pump+1+/+%EC%95%95"),
        ("/comm", "tags=D1&cell=D1@2026-02-03T04:00Z", "tags=D1&cell=D1@2026-02-03T04:00Z"),
    ],
)
def test_an_address_is_stored_in_one_spelling(path: str, query: str, stored: str) -> None:
    assert clean_query(path, query) == stored
    assert clean_query(path, stored) == stored


@pytest.mark.parametrize(
    ("path", "query", "key"),
    [
        *((path, "", "view_page") for path in ("", "//evil.example", "https://evil.example", "/x")),
        *((path, "", "view_page") for path in ("/login", "/explore/", "/explore?x", "/../")),
        ("/explore", "next=https://evil.example", "view_parameter"),
        ("/explore", "kiosk=1", "view_parameter"),
        ("/explore", "tags=A&tags=B", "view_parameter"),
        ("/explore", "tags", "view_query"),
        ("/explore", "tags=%00", "view_query"),
        ("/explore", "tags=%FF", "view_query"),
        ("/explore", "tags=" + "a" * MAX_QUERY, "view_long"),
        ("/explore", "tags=" + "가" * 1_000, "view_long"),
        ("/explore", "&".join(["tags=a"] * 60), "view_query"),
    ],
)
def test_addresses_that_are_refused(path: str, query: str, key: str) -> None:
    with pytest.raises(WrongView) as caught:
        clean_query(path, query)
    assert caught.value.sentence.key == f"errors.{key}"


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", DashboardState._link),
        ("/trend", series_link.view_params),
        ("/comm", comm_address.link),
        ("/explore", ExploreState._link),
    ],
)
def test_a_page_writes_no_address_that_cannot_be_saved(
    path: str, link: Callable[..., object]
) -> None:
    named = set(re.findall(r'"(\w+)": ', inspect.getsource(link)))
    assert len(named) > 2
    assert named <= PARAMETERS[path]


def test_a_stored_query_has_no_sign_that_leads_elsewhere() -> None:
    hostile = ("//evil", "javascript:alert(1)", "\\\\evil", "a#b", "a\r\nb: c", "?", "&x=1")
    for path, names in PARAMETERS.items():
        for name in names:
            for value in hostile:
                sent = f"{name}={''.join(f'%{byte:02X}' for byte in value.encode())}"
                query = clean_query(path, sent)
                assert query.startswith(f"{name}=")
                assert not set(query) & set("#?&\\\r\n")
