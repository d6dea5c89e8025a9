"""Calculated tags as alarms judge them: a value at each sample of a tag, in event time (§33.9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from ksys_app.domain.alarms.level import NEVER
from ksys_app.domain.alarms.limits import DOUBTED
from ksys_app.domain.alarms.stored import Sample
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.expressions.calculated import CalculatedTag, calculated_tags, own_rule
from ksys_app.domain.expressions.moments import Member, at_samples, member
from ksys_app.domain.kpi import active
from ksys_app.domain.quality import allowed_gap
from ksys_app.models.expressions import Node, SavedExpression
from ksys_app.models.rows import QcRule

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Formula:
    """A pointwise expression, and for how long a sample of each of its tags counts."""

    node: Node
    holds_us: Mapping[str, int]


class Moment(NamedTuple):
    """The value from a time on; NaN: from then on nobody knows it."""

    ts_us: int
    value: float


def formulas(
    rules: Mapping[str, QcRule], saved: Iterable[SavedExpression]
) -> tuple[dict[str, QcRule], dict[str, Formula]]:
    """The rules, those of calculated tags with their expressions, and what alarms judge of these.

    That is each pointwise expression whose name has a rule that is on. It has no SPIKE, because the
    values of the minutes before are not stored.

    Args:
        rules: the rules by tag.
        saved: the saved expressions whose names no tag with samples has.
    """
    found: dict[str, Formula] = {}
    own: dict[str, QcRule] = {}
    for name, one in calculated_tags(saved).items():
        if one.pointwise and one.tags and active(rules.get(name)) is not None:
            found[name] = formula_of(one, rules)
            own[name] = without_spike(own_rule(one, rules))
    return {**rules, **own}, found


def formula_of(one: CalculatedTag, rules: Mapping[str, QcRule]) -> Formula:
    """The expression of a pointwise calculated tag as alarms judge it.

    Args:
        one: the calculated tag.
        rules: the rules by tag, which say how long a sample of each tag counts.
    """
    holds = {tag: allowed_gap(rules.get(tag), None) // _MICROSECOND for tag in one.tags}
    return Formula(one.node, holds)


def without_spike(rule: QcRule) -> QcRule:
    """The rule without SPIKE, which a calculated tag does not have."""
    return replace(rule, spike_zscore=None)


class Derived:
    """Makes the values of a calculated tag from the samples of its tags.

    The values do not depend on how the samples are grouped, nor on a restart from :meth:`memory`.

    Args:
        begin_us: samples of a tag after this time count.
        memory: :meth:`memory` of an earlier one, which goes on.
    """

    __slots__ = ("_begin", "_newest", "_seen", "_until")

    def __init__(self, begin_us: int, memory: Mapping[str, Any] | None = None) -> None:
        self._begin, self._seen, self._until = begin_us, -NEVER, NEVER
        self._newest: dict[str, tuple[int, float]] = {}
        if memory is not None:
            self._begin, self._seen, self._until = (memory[n] for n in ("begin", "seen", "until"))
            self._newest = {
                tag: (ts, math.nan if value is None else value)
                for tag, (ts, value) in memory["newest"].items()
            }

    def after(self, tag: str) -> int:
        """Samples of the tag after this time are new."""
        newest = self._newest.get(tag)
        return self._begin if newest is None else newest[0]

    def feed(
        self, formula: Formula, samples: Mapping[str, Sequence[Sample]], until_us: int
    ) -> list[Moment]:
        """The values at new samples, and where a value ends, ascending.

        A sample that is older than the newest value changes the values after it only.

        Args:
            formula: the expression.
            samples: tag to all of its new samples up to ``until_us``, ascending.
            until_us: up to here every sample of every tag is known.
        """
        if not any(samples.values()):
            return self._ended(until_us)
        members = {tag: self._member(tag, samples, formula) for tag in formula.holds_us}
        made = at_samples(formula.node, members, self._seen + 1)
        known = np.isfinite(made.value) & (made.until >= made.at)
        rows = zip(
            *(made.at.tolist(), made.value.tolist(), made.until.tolist(), known.tolist()),
            strict=True,
        )
        found: list[Moment] = []
        for at, value, until, is_known in rows:
            ts_us = int(at)
            found += self._ended(ts_us)
            self._seen = ts_us
            if is_known:
                found.append(Moment(ts_us, value))
                self._until = int(until)
            elif self._until < NEVER:
                found.append(Moment(ts_us, math.nan))
                self._until = NEVER
        return found + self._ended(until_us)

    def memory(self) -> dict[str, Any]:
        """All that is needed to go on from here, as JSON."""
        newest = {
            tag: [ts, value if math.isfinite(value) else None]
            for tag, (ts, value) in self._newest.items()
        }
        times = {"begin": self._begin, "seen": self._seen, "until": self._until}
        return {**times, "newest": newest}

    def _member(
        self, tag: str, samples: Mapping[str, Sequence[Sample]], formula: Formula
    ) -> Member:
        """The samples of a tag that count, and the newest of them for the next time."""
        rows = [self._newest[tag]] if tag in self._newest else []
        rows += [
            (ts, math.nan if qc & DOUBTED else value) for ts, value, qc in samples.get(tag, ())
        ]
        if rows:
            self._newest[tag] = rows[-1]
        return member([ts for ts, _ in rows], [value for _, value in rows], formula.holds_us[tag])

    def _ended(self, until_us: int) -> list[Moment]:
        """Where the value ended before ``until_us``, because a tag did not send."""
        if self._until >= until_us:
            return []
        ended, self._until = Moment(self._until, math.nan), NEVER
        return [ended]


def judge(machine: TagMachine, moments: Iterable[Moment]) -> None:
    """Let the machine of a calculated tag judge its values."""
    for ts_us, value in moments:
        if value == value:
            machine.feed(ts_us, value)
        else:
            machine.lose(ts_us)
