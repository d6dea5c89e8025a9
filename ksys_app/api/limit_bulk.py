"""The HTTP endpoints that preview and save the limits of many tags at once (PRD §32.9)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field, StrictBool, model_validator

from ksys_app.api import limit_render, limit_schemas, responses
from ksys_app.api.forms import WrongForm
from ksys_app.api.limit_schemas import Cell, FieldProblem, Limits, Reason, RuleBody, Version
from ksys_app.api.limits import author_of
from ksys_app.api.params import NoParams, NoQuery, TagName
from ksys_app.api.render import json_response
from ksys_app.api.schemas import Exact
from ksys_app.domain.rule_edit import EDITABLE, OPERATIONS, Operation
from ksys_app.models.limits import Edit
from ksys_app.services import limits as service

router = APIRouter(prefix="/api/v1/rules")
MOST_TAGS: Final = 5_000
COLUMNS: Final = tuple(name for name in EDITABLE if name != "meta")


def _editable_column(value: str) -> str:
    if value not in COLUMNS:
        raise WrongForm("one_of", names=" ".join(COLUMNS))
    return value


class TagRule(RuleBody):
    """New values of a tag, and the version that the person saw."""

    tag_name: TagName
    version: Version


class Bulk(NoParams):
    """Changes of many tags, and why."""

    rules: Annotated[list[TagRule], Field(min_length=1, max_length=MOST_TAGS)]
    reason: Reason


class Computed(NoParams):
    """A change of one column of many tags; ``range``: percent between min_val and max_val."""

    tags: Annotated[list[TagName], Field(min_length=1, max_length=MOST_TAGS)]
    column: Annotated[
        str, AfterValidator(_editable_column), Field(json_schema_extra={"enum": list(COLUMNS)})
    ]
    operation: Annotated[Operation, Field(json_schema_extra={"enum": list(OPERATIONS)})]
    value: float | StrictBool | None = None


class Wanted(NoParams):
    """A computed change, or a block of a spreadsheet."""

    change: Computed | None = None
    text: Annotated[str, Field(max_length=90_000)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.change is None) is (self.text is None):
            raise WrongForm("either")
        return self


class ProposedRow(Exact):
    """What a change would do to a tag, and why it cannot be saved."""

    limits: Limits
    cells: list[Cell]
    fields: list[FieldProblem]


class Proposal(Exact):
    """The tags that a change would change."""

    rows: list[ProposedRow]
    unchanged: Annotated[int, Field(ge=0)]


@router.post(
    "/proposal",
    summary="What a change of many limits would do",
    responses=responses.dry_run(Proposal),
)
async def proposal(_query: NoQuery, sent: Wanted) -> Response:
    """Compute a change, and check it; nothing is saved."""
    if sent.change is not None:
        change = sent.change
        edits = await service.computed_edits(
            change.tags, change.column, change.operation, change.value
        )
    else:
        edits = service.pasted_edits(sent.text or "")
    all_edited = await service.edit(edits, None)
    changed = [edited for edited in all_edited if edited.cells]
    rows: list[dict[str, Any]] = [
        limit_render.saved(edited) | {"fields": limit_render.problems([edited])}
        for edited in changed
    ]
    return json_response({"rows": rows, "unchanged": len(all_edited) - len(changed)})


@router.post(
    "/bulk",
    summary="Change the limits of many tags",
    responses=responses.limit_change(list[limit_schemas.Saved]),
)
async def bulk(_query: NoQuery, request: Request, sent: Bulk) -> Response:
    """Save all of them in one transaction, or none."""
    edits = [
        Edit(rule.tag_name, rule.version, rule.changed_values(), rule.settings_by_condition())
        for rule in sent.rules
    ]
    edited = await service.edit(edits, author_of(request, sent.reason))
    return json_response([limit_render.saved(edited_limits) for edited_limits in edited])
