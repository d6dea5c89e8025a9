"""Parses an expression into a frozen tree, by precedence climbing over its tokens (PRD §33.4).

A name in an expression never calls anything of Python. Text that is not in the grammar is an error
with its position.
"""

from __future__ import annotations

from typing import Final

from ksys_app.domain.expressions.functions import MAX_DIGITS, Function, find_function, nearest
from ksys_app.domain.expressions.tokens import BadExpression, Token, quoted, tokens
from ksys_app.models.expressions import Apply, Name, Node, Number, Span
from ksys_app.models.message import Message

MAX_DEPTH: Final = 50
MAX_NODES: Final = 200
MAX_TAGS: Final = 9
"""Most different names in an expression."""

# The precedence of operators. A minus in front of a value is weaker than a power: -2^2 is -4.
_BINDS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 4}
_MINUS: Final = 3
_COMPARE: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_VALUE: Final = Message("expressions.want_value")
_OPERATOR: Final = Message("expressions.want_operator")


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        BadExpression: the text is no expression; ``flaw`` has the reason and the position.
    """
    return _Parser(text).whole()


class _Parser:
    """Reads the words of one expression from left to right."""

    def __init__(self, text: str) -> None:
        self._words = tokens(text)
        self._next: Token = next(self._words)
        self._nodes = 0
        self._names: set[str] = set()

    def whole(self) -> Node:
        """Parse the whole text as one expression."""
        if self._ended():
            raise BadExpression("expressions.empty", self._next.span)
        node = self._value(1, 0)
        if not self._ended():
            raise self._unexpected(_OPERATOR)
        return node

    def _ended(self) -> bool:
        return self._next.kind == "end"

    def _take(self) -> Token:
        word = self._next
        if word.kind != "end":
            self._next = next(self._words)
        return word

    def _takes(self, sign: str) -> bool:
        """Whether the next word is this sign; if so, go on to the word after it."""
        found = self._next.kind == "sign" and self._next.text == sign
        if found:
            self._take()
        return found

    def _counted(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadExpression("expressions.parts", node.span, most=MAX_NODES)
        return node

    def _value(self, least: int, depth: int) -> Node:
        """Parse a value and the operators after it with a precedence of at least ``least``."""
        if depth > MAX_DEPTH:
            raise BadExpression("expressions.deep", self._next.span, most=MAX_DEPTH)
        node = self._first(depth)
        while self._next.kind == "sign" and _BINDS.get(self._next.text, 0) >= least:
            sign = self._take()
            binds = _BINDS[sign.text]
            # A power is right-associative: 2^3^2 is 2^9.
            right = self._value(binds if sign.text == "^" else binds + 1, depth + 1)
            node = self._counted(Apply(sign.text, (node, right), sign.span))
        return node

    def _first(self, depth: int) -> Node:
        word = self._take()
        if word.kind == "number":
            return self._counted(Number(float(word.text), word.span))
        if word.kind == "name" and self._takes("("):
            return self._function(word, depth)
        if word.kind in ("name", "quoted"):
            return self._name(word)
        if word.kind == "sign" and word.text == "-":
            return self._counted(Apply("neg", (self._value(_MINUS, depth + 1),), word.span))
        if word.kind == "sign" and word.text == "(":
            node = self._value(1, depth + 1)
            self._close()
            return node
        raise self._unexpected(_VALUE, word)

    def _name(self, word: Token) -> Node:
        self._names.add(word.text)
        if len(self._names) > MAX_TAGS:
            raise BadExpression("expressions.tags", word.span, most=MAX_TAGS)
        return self._counted(Name(word.text, word.span))

    def _function(self, word: Token, depth: int) -> Node:
        function = find_function(word.text)
        if function is None:
            raise _unknown(word)
        args: list[Node] = []
        compare = ""
        if function.what == "if":
            args, compare = self._condition(depth)
            if not self._takes(","):
                raise self._unexpected(Message("expressions.want_comma"))
        elif self._takes(")"):
            raise _miscounted(word, function, 0)
        args.append(self._value(1, depth + 1))
        while self._takes(","):
            args.append(self._value(1, depth + 1))
        self._close()
        # A comparison has two values, but it is one argument.
        count = len(args) - (1 if compare else 0)
        if not function.takes.least <= count <= function.takes.most:
            raise _miscounted(word, function, count)
        if function.what == "round" and count == 2:
            _check_digits(args[1])
        return self._counted(Apply(function.what, tuple(args), word.span, function.ago, compare))

    def _condition(self, depth: int) -> tuple[list[Node], str]:
        left = self._value(1, depth + 1)
        if self._next.kind != "sign" or self._next.text not in _COMPARE:
            raise self._unexpected(Message("expressions.want_compare"))
        sign = self._take()
        return [left, self._value(1, depth + 1)], sign.text

    def _close(self) -> None:
        if not self._takes(")"):
            raise self._unexpected(Message("expressions.want_close"))

    def _unexpected(self, wanted: Message, word: Token | None = None) -> BadExpression:
        found = word or self._next
        if found.kind == "end":
            return BadExpression("expressions.ended", found.span, wanted=wanted)
        if found.text in _COMPARE and found.kind == "sign":
            return BadExpression("expressions.compare", found.span, sign=quoted(found.text))
        what = quoted(found.text)
        return BadExpression("expressions.unexpected", found.span, found=what, wanted=wanted)


def _unknown(word: Token) -> BadExpression:
    name, near = quoted(word.text), nearest(word.text)
    if near:
        return BadExpression("expressions.function_near", word.span, name=name, near=near)
    return BadExpression("expressions.function", word.span, name=name)


def _miscounted(word: Token, function: Function, count: int) -> BadExpression:
    least, most = function.takes
    values = {"wanted": f"{least}" if least == most else f"{least}–{most}", "count": count}
    return BadExpression("expressions.arguments", word.span, name=word.text, **values)


def _check_digits(node: Node) -> None:
    fine = isinstance(node, Number) and node.value in range(MAX_DIGITS + 1)
    if not fine:
        raise BadExpression("expressions.digits", node.span, most=MAX_DIGITS)


def parts(node: Node) -> int:
    """The number of parts of a tree."""
    return 1 + (sum(map(parts, node.args)) if isinstance(node, Apply) else 0)


def names(node: Node) -> dict[str, Span]:
    """The names in a tree, in their order, each with its first position."""
    found: dict[str, Span] = {}
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Name):
            found.setdefault(current.name, current.span)
        elif isinstance(current, Apply):
            waiting.extend(reversed(current.args))
    return found
