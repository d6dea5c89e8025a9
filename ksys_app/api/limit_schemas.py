"""Response shapes and request bodies of the endpoints about limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ksys_app.api.forms import WrongForm
from ksys_app.api.params import MAX_SEQ, TagName
from ksys_app.api.schemas import ABSENT, Count, ErrorBody, Exact, Moment, Nothing, Rule
from ksys_app.domain.meta import as_stored
from ksys_app.domain.rule_edit import EDITABLE
from ksys_app.domain.rules import MAX_INTEGER
from ksys_app.models.alarms import Condition
from ksys_app.models.limits import AlarmRule
from ksys_app.models.rule_file import Missing
from ksys_app.services.limits import MAX_REASON

Version = Annotated[int, Field(ge=0, le=MAX_INTEGER)]


def _not_blank(value: str) -> str:
    if not value.strip():
        raise WrongForm("why")
    return value.strip()


Reason = Annotated[
    str,
    AfterValidator(_not_blank),
    Field(
        max_length=MAX_REASON,
        examples=["new pump"],
        json_schema_extra={"minLength": 1, "pattern": r"\S"},
    ),
]


def _stored_meta(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return as_stored(value)
    except ValueError as error:
        raise WrongForm(error.args[0]) from None


Meta = Annotated[dict[str, Any], AfterValidator(_stored_meta)]
Priority = Annotated[int, Field(ge=1, le=4)]
Delay = Annotated[float, Field(ge=0, le=86_400)]
Words = Annotated[str, Field(max_length=1000)]


class Setting(Exact):
    """Settings of a condition, and the guidance for it; null keeps the default."""

    condition: Condition
    priority: Priority | None = None
    on_delay_s: Delay | None = None
    off_delay_s: Delay | None = None
    latch: bool | None = None
    ack: bool | None = None
    realarm_s: Annotated[float, Field(gt=0, le=2_592_000)] | None = None
    message: Words = ""
    cause: Words = ""
    consequence: Words = ""
    response: Words = ""
    group_name: Words = ""

    def alarm_rule(self) -> AlarmRule | None:
        """The settings as an alarm rule; None if all of them are defaults."""
        rule = AlarmRule(**self.model_dump(exclude={"condition"}))
        return None if rule == AlarmRule() else rule


def _each_condition_once(settings: list[Setting]) -> list[Setting]:
    if len({setting.condition for setting in settings}) < len(settings):
        raise WrongForm("once")
    return settings


NewSettings = Annotated[list[Setting], AfterValidator(_each_condition_once), Field(max_length=7)]


class Limits(Rule):
    """The limits of a tag, and their version; a tag without a rule has none of them."""

    version: Count
    has_rule: bool
    settings: list[Setting]


class Cell(Exact):
    """A column and its values before and after."""

    column: str
    old: Any
    new: Any


class FieldProblem(Exact):
    """What is wrong with a column; ``key`` and ``values`` are the sentence for a page."""

    tag_name: str
    column: str
    message: str
    key: str
    values: dict[str, Any]


class Saved(Exact):
    """The limits of a tag after a change, and what it changed."""

    limits: Limits
    cells: list[Cell]


class Change(Exact):
    """A recorded change of a row: who, when and why."""

    id: Count
    at: Moment
    tag_name: str
    version: Count
    relation: Literal["influx_qc_rule", "alarm_rule"]
    condition: str
    op: Literal["INSERT", "UPDATE", "DELETE"]
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    cells: list[Cell]
    actor: str
    reason: str
    source: str


class ChangePage(Exact):
    """Changes, newest first; ``next`` is the value of ``before`` for older ones."""

    rows: list[Change]
    next: Count | None


class FileCell(Exact):
    """A cell with the value of the file and the one in force, since when, and by whom."""

    column: str
    file: Any
    value: Any
    since: Moment | None
    actor: str
    source: str


class FileDifference(Exact):
    """A tag whose rule differs from the file of the last sync.

    ``missing``: ``file`` or ``database`` where one has no row; then there are no cells.
    """

    tag_name: str
    synced_at: Moment | None
    missing: Missing
    since: Moment | None
    actors: list[str]
    cells: list[FileCell]


class ConflictCell(Exact):
    """A column with the value of the request, the one in force, and the one of its version."""

    column: str
    yours: Any
    theirs: Any
    base: Any


class TagConflict(Exact):
    """A tag that somebody else has changed, and its version in force."""

    tag_name: str
    version: Count
    cells: list[ConflictCell]


class ConflictBody(ErrorBody):
    """An error with both versions."""

    conflicts: list[TagConflict]


class FaultyBody(ErrorBody):
    """An error, and the columns that are wrong."""

    fields: list[FieldProblem] | Nothing = ABSENT


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleBody(_Body):
    """The new values of some columns; a column that is not given stays as it is."""

    min_val: float | None = None
    max_val: float | None = None
    max_step: float | None = None
    max_gap_seconds: Annotated[int, Field(ge=-MAX_SEQ, le=MAX_SEQ)] | None = None
    allow_negative: bool | None = None
    enabled: bool | None = None
    meta: Meta = {}
    warn_min: float | None = None
    warn_max: float | None = None
    crit_min: float | None = None
    crit_max: float | None = None
    roc_max_per_min: float | None = None
    spike_zscore: float | None = None
    deadband_pct: float | None = None
    settings: NewSettings = []

    def changed_values(self) -> dict[str, Any]:
        """Column to new value, for the columns that the request contains."""
        return {name: getattr(self, name) for name in EDITABLE if name in self.model_fields_set}

    def settings_by_condition(self) -> dict[Condition, AlarmRule | None]:
        """Condition to its alarm rule; None for a condition with default settings."""
        return {setting.condition: setting.alarm_rule() for setting in self.settings}


class PutRule(RuleBody):
    """New values, the version that the person saw, and why."""

    tag_name: str | None = None
    version: Version
    reason: Reason


class RollBack(_Body):
    """The version to go back to, the version that the person saw, and why."""

    tag_name: TagName
    to: Version
    version: Version
    reason: Reason


class HistoryParams(_Body):
    """One tag or all, the largest number of changes, and the id that they must be below."""

    tag: TagName | None = None
    before: Annotated[int, Field(ge=1, le=MAX_SEQ)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
