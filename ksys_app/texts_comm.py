"""Every word that ``/comm`` says beside those all pages share.

The browser gets them all; words in braces are filled in where the text is shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CommTexts:
    """What the page of communication says."""

    view: str = "View"
    view_hours: str = "By hour"
    view_hours_hint: str = "30 days by 24 hours of up to nine tags"
    view_overview: str = "All tags"
    view_overview_hint: str = "30 days of every tag, worst first"
    tags: str = "Tags"
    tags_many: str = "{n} tags"
    tags_limit: str = "Up to {n} tags beside each other."
    start: str = "First day"
    prev: str = "One day earlier"
    next: str = "One day later"
    recent: str = "Recent 30 days"
    caption: str = "30 days from {start}, judged to {time}"
    truncated: str = "More tags exist than the overview covers; these are the first by name."

    summary: str = "Success and outages"
    col_tag: str = "TAG"
    col_now: str = "Now"
    col_24h: str = "24 h"
    col_30d: str = "30 d"
    col_outages: str = "Outages"
    col_hours: str = "Hours"
    col_total: str = "Total"
    col_expected: str = "Expected"
    col_longest: str = "Longest"
    col_last: str = "Last seen"
    col_crit: str = "Critical hours"
    col_days: str = "30 days"
    now_ok: str = "Alive"
    now_late: str = "Late"
    now_lost: str = "Silent"
    now_never: str = "Never seen"
    hours: str = "{n} h"
    limits: str = "{n} a minute; warning under {warn}, critical under {crit}"

    maps: str = "Success by day and hour"
    map_label: str = "{tag}: success rate, 30 days by 24 hours"
    show_colors: str = "Colours"
    show_figures: str = "Figures"
    show: str = "Show as"
    figures_note: str = "Percent of the expected messages."
    legend: str = "Success rate"
    legend_none: str = "No data"
    legend_warn: str = "Warning"
    legend_crit: str = "Critical"
    odd_day: str = "{day} has {n} hours: clocks are changed."
    csv_cells: str = "Cells as CSV"
    csv_outages: str = "Outages as CSV"

    state_ok: str = "OK"
    state_warn: str = "Warning"
    state_crit: str = "Critical"
    state_no_data: str = "No data"
    says_rate: str = "{when}, {rate}, {state}, {recv} of {exp} received, {missing} missing"
    says_none: str = "{when}, no data"
    says_seen: str = "last seen {time}"
    success: str = "Success rate"
    received: str = "Received / expected"
    missing: str = "Missing"
    last_seen: str = "Last seen"
    none_seen: str = "Nothing in this hour"

    card: str = "Selected hour"
    card_hint: str = "Choose an hour: click it, or go there with the arrows and press Enter."
    card_local: str = "Local time"
    card_utc: str = "UTC"
    card_close: str = "Clear the selection"

    outages: str = "Outages"
    outages_none: str = "No hour was critical in these 30 days."
    outages_cut: str = "The newest {n} of {all}; the CSV has all."
    col_start: str = "Start"
    col_end: str = "End"
    col_state: str = "State"
    ongoing: str = "Ongoing"
    over: str = "Over"
    clipped: str = "Longer"
    clipped_why: str = "It reaches over an edge of the 30 days."

    overview: str = "All tags, worst first"
    overview_label: str = "{tag}: {rate} in 30 days, {n} critical hours. Open its hours."
    overview_day: str = "{day}: {rate}, {n} critical hours"
    pages: str = "Pages of the overview"
    page_prev: str = "Previous"
    page_next: str = "Next"
    nomatch: str = "No tag name contains"


C: Final = CommTexts()


def comm_words(texts: CommTexts = C) -> dict[str, str]:
    """What the browser's own parts need, by name."""
    return asdict(texts)
