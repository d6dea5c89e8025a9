"""A wrong name gets the same explanation everywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.names import MAX_LOOKUP_LENGTH, flaw, lookup_flaw, quoted_name
from ksys_app.errors import BadParameter
from ksys_app.ops.files import cells
from ksys_app.states import comm_address
from ksys_app.states.series_link import valid_tag
from ksys_app.texts import say


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "must be a name"),
        (" D1", "' D1' has blanks around it"),
        ("D1 ", "'D1 ' has blanks around it"),
        (" ", "' ' has blanks around it"),
        ("D\x001", "'D\\x001' holds a NUL character"),
        ("\x00", "'\\x00' holds a NUL character"),
        (" D\x00", "' D\\x00' holds a NUL character"),
        ("D\t1", "'D\\t1' holds a tab"),
        ("D1\n", "'D1\\n' holds a line break"),
        ("D1\r\n", "'D1\\r\\n' holds a line break"),
        ("D\x1b[31m", "'D\\x1b[31m' holds the hidden character U+001B"),
        ("D\x7f", "'D\\x7f' holds the hidden character U+007F"),
        ("D\u00a01", "'D\\xa01' holds the hidden character U+00A0"),
        ("D\u200b", "'D\\u200b' holds the hidden character U+200B"),
        ("\ufeffD", "'\\ufeffD' holds the hidden character U+FEFF"),
        ("D\ud800", "'D\\ud800' holds the hidden character U+D800"),
        ("x" * 201, f"'{'x' * 59}…' is longer than 200 characters"),
        ("\x00" * 201, "is longer than 200 characters"),
    ],
)
def test_a_name_that_may_not_be_written_is_refused_for_what_it_is(name: str, says: str) -> None:
    wrong = flaw(name)
    assert wrong is not None
    sentence = say(wrong)
    assert says in sentence
    assert sentence.isprintable()
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        cells.name(name)


@pytest.mark.parametrize("name", ["D1", "x" * 200, "가" * 200, "50 %", "a,b", "유량 계", "=1+1"])
def test_a_printable_name_may_be_written_and_requested(name: str) -> None:
    assert flaw(name) is None
    assert lookup_flaw(name) is None
    assert cells.name(name) == name


@pytest.mark.parametrize("name", [" D1 ", "x" * 300, "D\t1", "D\n1", "x" * MAX_LOOKUP_LENGTH])
def test_what_another_writer_has_put_into_the_database_may_be_requested(name: str) -> None:
    assert flaw(name) is not None
    assert lookup_flaw(name) is None
    assert valid_tag(name) == name
    assert comm_address.parse_selection({"tag": name}).tags == (name,)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a\x00b", "tag 'a\\x00b' holds a NUL character"),
        ("x" * (MAX_LOOKUP_LENGTH + 1), "tag is longer than 5000 characters"),
    ],
)
def test_what_no_tag_can_be_called_is_refused_on_every_page(name: str, says: str) -> None:
    for ask in (valid_tag, lambda name: comm_address.parse_selection({"tag": name})):
        with pytest.raises(BadParameter) as caught:
            ask(name)
        assert caught.value.message.startswith(says)


@given(st.text())
def test_a_name_in_a_sentence_is_short_and_can_be_seen(name: str) -> None:
    sentence = quoted_name(name)
    assert sentence.isprintable()
    # Each of 60 characters may be escaped to ten.
    assert len(sentence) <= 2 + 60 * 10


@given(st.text())
def test_what_may_be_written_may_be_requested(name: str) -> None:
    if flaw(name) is None:
        assert lookup_flaw(name) is None
