"""Calculated tags in the alarm worker: each is judged as far as its tags are read (PRD §33.9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from psycopg import AsyncConnection

from ksys_app.domain.alarms.calculated import Derived, Formula, judge
from ksys_app.domain.alarms.limits import Settings
from ksys_app.domain.alarms.stored import Sample
from ksys_app.models.rows import QcRule
from ksys_app.queries.alarm_pages import Page, Read, read_pages
from ksys_app.queries.alarm_rules import Rules
from ksys_app.queries.alarms import Newest
from ksys_app.workers.alarms.followed import Followed


class Calculated(Followed):
    """One calculated tag.

    Attributes:
        derived: computes its values; None while the tag is not judged.
        judged_us: the time up to which it is judged, which is its own time.
    """

    __slots__ = ("derived", "judged_us")

    def __init__(
        self,
        tag_name: str,
        rule: QcRule | None,
        settings: Settings,
        memory: dict[str, Any] | None = None,
    ) -> None:
        """Start without samples, or continue from ``memory``."""
        super().__init__(tag_name, rule, settings, 0, memory)
        members = (memory or {}).get("members")
        self.derived = None if members is None else Derived(0, members)
        self.judged_us = self.after_us

    def time_us(self, now_us: int) -> int:
        """The time of the tag: that of the slowest of its tags, independent of the clock."""
        return self.judged_us

    def memory(self) -> dict[str, Any]:
        """The state to store, as JSON."""
        members = None if self.derived is None else self.derived.memory()
        return {**self.machine.memory(), "members": members}

    def forget(self) -> None:
        """Stop judging the tag, so that a later rule does not judge an old value."""
        self.derived = None
        self.machine.lose(self.judged_us)

    def take_over(
        self, formula: Formula, samples: Mapping[str, Sequence[Sample]], until_us: int
    ) -> None:
        """Judge the values that follow from all samples of its tags up to ``until_us``."""
        assert self.derived is not None, "the tag is judged"
        if moments := self.derived.feed(formula, samples, until_us):
            judge(self.machine, moments)
        self.after_us = self.machine.seen_us or self.after_us
        self.judged_us = max(self.judged_us, until_us)
        self.changed |= bool(moments or samples)


def complete_us(
    formula: Formula, tags: Mapping[str, Followed], unread: Collection[str], now_us: int | None
) -> int | None:
    """The time up to which all samples of the tags are read; None while no tag has ever sent.

    Args:
        formula: the expression.
        tags: the followed tags.
        unread: tags with samples that are not read yet.
        now_us: the database's clock; None after an interruption, when silence means nothing.
    """
    times = []
    for name in formula.holds_us:
        tag = tags.get(name)
        if tag is None:
            continue
        reading = now_us is None or name in unread or not tag.current
        times.append(tag.after_us if reading else max(tag.after_us, tag.time_us(now_us or 0)))
    return min(times, default=None)


class Calculations:
    """All calculated tags of a worker.

    Args:
        tags: the followed tags; calculated tags are added to them.
        since_us: where calculated tags start that exist at the first look and have no cursor. If
            None, and for all later ones, they start where their tags are.
    """

    def __init__(self, tags: dict[str, Followed], since_us: int | None) -> None:
        self._tags = tags
        self._begin = None if since_us is None else since_us - 1
        self._own: dict[str, Calculated] = {}
        self._formulas: Mapping[str, Formula] = {}

    def follow(self, tag: Calculated) -> None:
        """Follow a calculated tag."""
        self._tags[tag.machine.tag_name] = self._own[tag.machine.tag_name] = tag

    def restore(self, name: str, memory: dict[str, Any], rules: Rules) -> None:
        """Follow a tag that has a cursor. Without an expression any more, it has no rule."""
        rule = rules.rules.get(name) if name in self._formulas else None
        tag = Calculated(name, rule, rules.settings.get(name, {}), memory)
        if name not in self._formulas:
            tag.forget()
        self.follow(tag)

    def knows(self, name: str, memory: Mapping[str, Any]) -> bool:
        """Whether a calculated tag has this name, or had it when the memory was stored."""
        return name in self._formulas or "members" in memory

    def tags_of(self, name: str) -> Collection[str]:
        """The tags that a calculated tag uses; empty for any other tag."""
        formula = self._formulas.get(name)
        return () if formula is None else formula.holds_us

    def change(self, formulas: Mapping[str, Formula]) -> None:
        """Judge by these expressions from the next look on; forget tags that have none any more."""
        self._formulas = formulas
        for name, tag in self._own.items():
            if name not in formulas:
                tag.forget()
        # A followed tag may have become calculated if it has sent only bad samples.
        for name in formulas.keys() & self._tags.keys() - self._own.keys():
            machine = self._tags[name].machine
            self.follow(Calculated(name, machine.rule, machine.settings, machine.memory()))

    def rule_of(self, name: str, rules: Mapping[str, QcRule]) -> QcRule | None:
        """The rule by which a tag is judged; None for a former calculated tag."""
        gone = name in self._own and name not in self._formulas
        return None if gone else rules.get(name)

    def with_samples(self, newest: Sequence[Newest]) -> list[Newest]:
        """The tags that have samples and the name of a calculated tag."""
        if not self._own and not self._formulas:
            return []
        return [
            tag for tag in newest if tag.tag_name in self._own or tag.tag_name in self._formulas
        ]

    def leave(self, name: str) -> dict[str, Any] | None:
        """Stop following a calculated tag, because a tag now has its name.

        Returns:
            The memory of its machine, None if it was not followed.
        """
        tag = self._own.pop(name, None)
        return None if tag is None else self._tags.pop(name).machine.memory()

    async def judge(
        self,
        conn: AsyncConnection,
        rules: Rules,
        unread: Collection[str],
        now_us: int | None,
        most: int,
    ) -> bool:
        """Judge the new values of all calculated tags, as far as their tags are judged.

        Args:
            conn: the worker's connection.
            rules: the rules in force.
            unread: tags with samples that are not read yet.
            now_us: the database's clock; None when silence means nothing.
            most: about how many samples to read.

        Returns:
            Whether all values are judged now.
        """
        begin, self._begin = self._begin, None
        complete: dict[str, int] = {}
        pages: list[Page] = []
        for name, formula in self._formulas.items():
            until = complete_us(formula, self._tags, unread, now_us)
            if until is None:
                continue
            if name not in self._own:
                settings = rules.settings.get(name, {})
                self.follow(Calculated(name, rules.rules.get(name), settings))
            tag = self._own[name]
            if tag.derived is None:
                tag.derived = Derived(until if begin is None else begin)
            complete[name] = until
            pages += self._pages(name, formula, tag.derived, until)
        answers = await read_pages(conn, pages, most)
        for name, until in complete.items():
            answer = answers.get(name, Read({}, until))
            self._own[name].take_over(self._formulas[name], answer.samples, answer.until_us)
        return all(answer.until_us == complete[name] for name, answer in answers.items())

    def _pages(self, name: str, formula: Formula, derived: Derived, until_us: int) -> list[Page]:
        """The new samples of the tags of an expression, as pages to read."""
        found = []
        for member in formula.holds_us:
            tag, after = self._tags.get(member), derived.after(member)
            if tag is not None and min(tag.after_us, until_us) > after:
                found.append(Page(name, member, after, until_us))
        return found
