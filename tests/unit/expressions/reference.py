"""Expressions computed a second time, with pandas and without anything of the product.

A tree is a tuple: an operator or a function and its arguments, a number, or the name of a tag.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Tree = Any
STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "neg": 3, "^": 4}
SPAN = {"m": "min", "h": "h", "d": "D", "w": "W"}
SPANS = ("avg_1h", "avg_20m", "avg_1d", "min_3h", "max_1d", "min_2d", "shift_1h", "shift_1d")


def random_tree(chance: random.Random, tags: list[str], depth: int) -> Tree:
    """A tree of at most so many levels."""
    if depth == 0 or chance.random() < 0.15:
        return chance.choice([*tags, round(chance.uniform(0, 20), 2), chance.randint(0, 9)])
    kind = chance.choice(["two", "two", "two", "one", "some", "time", "neg", "if", "round"])

    def part() -> Tree:
        return random_tree(chance, tags, depth - 1)

    if kind == "two":
        return (chance.choice("+-*/%^"), part(), part())
    if kind == "one":
        return (chance.choice(["abs", "sqrt", "log", "exp"]), part())
    if kind == "some":
        name = chance.choice(["min", "max", "clamp"])
        return (name, *(part() for _ in range(3 if name == "clamp" else chance.randint(2, 4))))
    if kind == "time":
        return (chance.choice([*SPANS, "rate", "delta", "integral"]), part())
    if kind == "if":
        compare = chance.choice(["<", "<=", ">", ">=", "==", "!="])
        return ("if", compare, part(), part(), part(), part())
    if kind == "round":
        return ("round", part(), chance.randint(0, 3)) if chance.random() < 0.5 else (kind, part())
    return ("neg", part())


def written(tree: Tree, chance: random.Random) -> str:
    """The text of a tree, with the parentheses that it needs and none more."""
    if isinstance(tree, str):
        return tree if tree.isidentifier() else '"' + tree.replace('"', '""') + '"'
    if not isinstance(tree, tuple):
        return repr(tree)
    blank = chance.choice(["", " ", "  ", "\n"])
    what, *args = tree
    if what == "neg":
        return f"-{blank}{_in(args[0], STRENGTH['neg'], chance)}"
    if what == "if":
        compare, *values = args
        one, other, yes, no = (written(value, chance) for value in values)
        return f"if({one}{blank}{compare}{blank}{other},{blank}{yes}, {no})"
    if what in STRENGTH:
        strength = STRENGTH[what]
        power = what == "^"
        left = _in(args[0], strength + power, chance)
        return f"{left}{blank}{what}{blank}{_in(args[1], strength + (not power), chance)}"
    return f"{what}({f',{blank}'.join(written(one, chance) for one in args)})"


def _in(tree: Tree, least: int, chance: random.Random) -> str:
    text = written(tree, chance)
    weak = isinstance(tree, tuple) and STRENGTH.get(tree[0], 9) < least
    return f"({text})" if weak else text


@dataclass
class Reference:
    """Computes trees over series that have one value for each bucket, NaN for a hole."""

    series: Mapping[str, pd.Series]
    index: pd.DatetimeIndex
    hours: list[float]
    first: int
    zone: str

    def of(self, tree: Tree) -> pd.Series:
        """The values of a tree, without infinite ones."""
        with np.errstate(all="ignore"):
            result = self._of(tree)
        return result.where(np.isfinite(result))

    def _of(self, tree: Tree) -> pd.Series:
        if isinstance(tree, str):
            return self.series[tree]
        if not isinstance(tree, tuple):
            return pd.Series(float(tree), index=self.index)
        what, *args = tree
        if what == "if":
            return self._if(args)
        if what == "round":
            digits = args[1] if len(args) > 1 else 0
            return self.of(args[0]).map(lambda value: round(value, digits))
        values = [self.of(one) for one in args]
        if what in OPERATORS:
            return OPERATORS[what](*values)
        if what in ("min", "max"):
            return getattr(pd.concat(values, axis=1), what)(axis=1, skipna=False)
        return self._timed(what, values[0])

    def _if(self, args: list[Tree]) -> pd.Series:
        compare, *values = args
        left, right, yes, no = (self.of(one) for one in values)
        chosen = pd.Series(
            [COMPARE[compare](one, other) for one, other in zip(left, right, strict=True)],
            index=self.index,
        )
        return yes.where(chosen, no).where(left.notna() & right.notna())

    def _timed(self, what: str, values: pd.Series) -> pd.Series:
        if what == "delta":
            return values.diff()
        if what == "rate":
            passed = self.index.to_series().diff().dt.total_seconds() / 3600
            return values.diff() / passed
        if what == "integral":
            return self._integral(values)
        name, span = what.split("_")
        ago = int(span[:-1]), span[-1]
        if name == "shift":
            return pd.Series(values.reindex(self._before(*ago, gap="NaT")).values, self.index)
        return self._moving(name, values, self._before(*ago, gap=pd.Timedelta("1h")))

    def _integral(self, values: pd.Series) -> pd.Series:
        result = [math.nan] * len(values)
        passed: list[float] = []
        for at, (value, hours) in enumerate(zip(values, self.hours, strict=True)):
            if at >= self.first and not math.isnan(value):
                passed.append(value * hours)
                result[at] = _sum(passed)
        return pd.Series(result, self.index)

    def _moving(self, name: str, values: pd.Series, begins: pd.DatetimeIndex) -> pd.Series:
        figure = {"avg": lambda some: _sum(some) / len(some), "min": min, "max": max}[name]
        times, column = self.index.asi8.tolist(), values.tolist()
        means = []
        for at, begin in enumerate(begins.asi8.tolist()):
            low = min(bisect_right(times, begin), at)
            usable = [one for one in column[low : at + 1] if not math.isnan(one)]
            means.append(figure(usable) if usable else math.nan)
        return pd.Series(means, self.index)

    def _before(self, n: int, unit: str, gap: Any) -> pd.DatetimeIndex:
        if unit in "mh":
            return self.index - pd.Timedelta(n, SPAN[unit])
        local = self.index.tz_convert(self.zone).tz_localize(None) - pd.Timedelta(n, SPAN[unit])
        first = np.ones(len(local), dtype=bool)
        found = local.tz_localize(self.zone, ambiguous=first, nonexistent=gap)
        return found.tz_convert("UTC")


def _sum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.nan


def _clamp(value: pd.Series, low: pd.Series, high: pd.Series) -> pd.Series:
    larger = value.where(value >= low, low)
    result = larger.where(larger <= high, high)
    return result.where(value.notna() & low.notna() & high.notna())


def _power(one: pd.Series, other: pd.Series) -> pd.Series:
    return (one**other).where(one.notna() & other.notna())


def _rest(one: pd.Series, other: pd.Series) -> pd.Series:
    pairs = zip(one, other, strict=True)
    return pd.Series([a % b if b else math.nan for a, b in pairs], one.index)


OPERATORS: dict[str, Callable[..., pd.Series]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "%": _rest,
    "^": _power,
    "neg": lambda one: -one,
    "abs": lambda one: one.abs(),
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
    "clamp": _clamp,
}
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}
