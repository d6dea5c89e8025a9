"""The grammar of expressions, and the text and place of errors (PRD §33.4)."""

from __future__ import annotations

import random
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ksys_app.domain.expressions.evaluate import evaluate
from ksys_app.domain.expressions.grid import grid, reach
from ksys_app.domain.expressions.parse import MAX_NODES, names, parse
from ksys_app.domain.expressions.tokens import MAX_TEXT, BadExpression
from ksys_app.models.expressions import Flaw, Name, Span
from ksys_app.texts import LANGUAGES, say

ERRORS = {
    # text: what is wrong, and where
    "": ("empty", 0, 0),
    "  \n": ("empty", 3, 0),
    "1 +": ("ended", 3, 0),
    "(1": ("ended", 2, 0),
    "1)": ("unexpected", 1, 1),
    "1 2": ("unexpected", 2, 1),
    "2x": ("unexpected", 1, 1),
    "D100 D200": ("unexpected", 5, 4),
    "1..2": ("unexpected", 2, 2),
    "1 + * 2": ("unexpected", 4, 1),
    "+1": ("unexpected", 0, 1),
    "D100 + foo(1)": ("function", 7, 3),
    "sqr(1)": ("function_near", 0, 3),
    "SQRT(1)": ("function_near", 0, 4),
    "avg_0h(D100)": ("function_near", 0, 6),
    "avg_40d(D100)": ("function_near", 0, 7),
    "sum_1h(D100)": ("function_near", 0, 6),
    "min(1)": ("arguments", 0, 3),
    "abs()": ("arguments", 0, 3),
    "abs(1,2)": ("arguments", 0, 3),
    "if(1<2, 3)": ("arguments", 0, 2),
    "if(1, 2, 3)": ("unexpected", 4, 1),
    "if(1<2<3, 4, 5)": ("compare", 6, 1),
    "1 < 2": ("compare", 2, 1),
    "if((1<2), 3, 4)": ("compare", 5, 1),
    "if(1=2, 3, 4)": ("sign", 4, 1),
    "round(1, D100)": ("digits", 9, 4),
    "round(1, 1.5)": ("digits", 9, 3),
    "round(1, 13)": ("digits", 9, 2),
    "1e999": ("number", 0, 5),
    "D100 + 'x'": ("sign", 7, 1),
    'D100 + "x': ("open_quote", 7, 1),
    '1 + ""': ("name_empty", 4, 2),
    "D100.": ("sign", 4, 1),
    "D100\0": ("sign", 4, 1),
    '"a\0b"': ("open_quote", 0, 1),
    "D100[0]": ("sign", 4, 1),
    "a;b": ("sign", 1, 1),
    "１+2": ("sign", 0, 1),
    "1\u00a0+2": ("sign", 1, 1),
    "(" * 51 + "1": ("deep", 51, 1),
    "1" * 2_001: ("long", 2_000, 1),
    "+".join(f"D{n}" for n in range(10)): ("tags", 27, 2),
    "+".join("1" * 101): ("parts", 199, 1),
}


def flaw_of(text: str) -> Flaw:
    with pytest.raises(BadExpression) as caught:
        parse(text)
    return caught.value.flaw


@pytest.mark.parametrize("text", ERRORS, ids=range(len(ERRORS)))
def test_an_error_points_at_what_is_wrong(text: str) -> None:
    key, at, length = ERRORS[text]
    flaw = flaw_of(text)
    assert (flaw.sentence.key, flaw.span) == (f"expressions.{key}", Span(at, length))
    for words in LANGUAGES.values():
        assert "{" not in say(flaw.sentence, words)


def test_an_error_says_what_is_expected_and_which_name_was_meant() -> None:
    assert say(flaw_of("1 +").sentence).endswith("a number, a tag, a function or (")
    assert say(flaw_of("sqr(1)").sentence) == "no function is named 'sqr'; did you mean sqrt?"
    assert say(flaw_of("avge_1h(1)").sentence).endswith("did you mean avg_1h?")
    assert say(flaw_of("D100\0").sentence).startswith("'\\x00' is not part of an expression")


def test_a_name_with_other_characters_stands_in_quotes() -> None:
    found = names(parse('U01.PT0001 + "Pump 1 / 압력" - 온도 * "a ""b""" / "min" % min'))
    assert list(found) == ["U01.PT0001", "Pump 1 / 압력", "온도", 'a "b"', "min"]
    assert found["Pump 1 / 압력"] == Span(13, 13)


def test_a_tree_cannot_be_changed() -> None:
    tree = parse("D100")
    assert tree == Name("D100", Span(0, 4))
    with pytest.raises(FrozenInstanceError):
        tree.name = "D200"  # type: ignore[misc,union-attr]


def hostile() -> list[str]:
    """Two hundred texts that try to break the parser, or to reach Python."""
    chance = random.Random(1)
    python = [
        *("__class__", "D100.__class__", "().__class__.__bases__[0]", "__import__('os')"),
        *("__builtins__", "eval(1)", "exec(1)", "open(1)", "getattr(D100, x)", "lambda: 0"),
        *("D100 if 1 else 2", "[x for x in D100]", "{1:2}", "f'{1}'", "D100 := 1", "D100 = 1"),
        *("1_000", "0x10", "1j", "0b1", "1e", "1e+", "inf", "nan", "None", "True", "print(1)"),
        *("abs.__call__(1)", "abs(*D100)", "abs(x=1)", "a and b", "not a", "a or b", "a ** b"),
        *("a // b", "a @ b", "~a", "a << 2", "a & b", "a | b", "!a", "a ? b : c", "`a`", "$a"),
    ]
    large = [
        *("9" * 400, "1e308*10", "1e999", "1" * 1_999, "9^9^9^9^9", "1e-400", "-" * 1_999 + "1"),
        *("(" * 1_000 + "1" + ")" * 999, "(" * 2_000, ")" * 2_000, "abs(" * 499 + "1"),
        *("+".join(["D100"] * 300), "^".join("2" * 60), "^".join("2" * 45), "min(" + "1," * 50),
        *("x" * 10_240, "(" * 10_240, '"' * 10_240, "1+" * 5_120, "é" * 2_000, "avg_999999999d(A)"),
        *('"' + "a" * 1_990 + '"', "avg_" + "9" * 1_000 + "h(A)", "a" + ".a" * 900, "if(" * 400),
    ]
    signs = [
        *("\0", "\ufeffD100", "D100\u200b", "\u202eD100", "D\u0131", "ﬁ", "①", "1２", "٣+1", "½"),
        *("−1", "1×2", "1÷2", "“a”", "D100\u2028+1", "\x1b[31m", "\ud800", "\U0001f600", "a\x00b"),
        *(
            '"\x00"',
            "\t",
            "\n\n",
            "\v1",
            "1\x0c",
            "a\u0300",
            "\u0300a",
            "한글(1)",
            "ａｂｓ(1)",
            "'",
        ),
        *("; DROP TABLE influx_hist", "' OR 1=1 --", "/* */ 1", "-- 1", "<script>", "{{7*7}}"),
        *("%s%n", "%(x)s", "${7}", "\\", "D100\\", "../../etc/passwd", "1,2", ",", "()", "abs"),
    ]
    alphabet = [*'D100avgminif()+-*/^%<>=!.,"_ 0123456789e\0é한', "avg_1h(", "if(", "D200"]
    mixed = [
        "".join(chance.choices(alphabet, k=chance.randint(1, 60)))
        for _ in range(200 - len(python) - len(large) - len(signs))
    ]
    return [*python, *large, *signs, *mixed]


def test_two_hundred_hostile_texts_give_a_value_or_a_clear_error() -> None:
    moment = datetime(2026, 11, 4, tzinfo=UTC)
    zone = ZoneInfo("Asia/Seoul")
    texts = hostile()
    assert len(texts) == 200
    values, errors = 0, 0
    for text in texts:
        try:
            tree = parse(text)
        except BadExpression as error:
            at, length = error.flaw.span
            assert 0 <= at <= at + length <= len(text), text
            for words in LANGUAGES.values():
                sentence = say(error.flaw.sentence, words)
                assert sentence.isprintable(), text
                assert "{" not in sentence or "{" in text, sentence
            errors += 1
            continue
        looks = reach(tree)
        buckets = grid(moment, moment.replace(hour=1), moment, "10m", looks, zone, zone)
        series = {name: np.arange(len(buckets.starts)) * 1.0 for name in names(tree)}
        result = evaluate(tree, series, buckets)
        assert len(result) == 6
        assert not np.isinf(result).any(), text
        values += 1
    assert (values > 20, errors > 120) == (True, True)


def test_the_bounds_are_reached_exactly() -> None:
    assert parse("+".join("1" * (MAX_NODES // 2)))
    assert parse("(" * 50 + "1" + ")" * 50)
    assert parse("1".ljust(MAX_TEXT))
