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
    view_hours: str = "Hour by hour"
    view_hours_hint: str = "30 days by 24 hours of up to nine tags"
    view_overview: str = "All tags"
    view_overview_hint: str = "30 days of every tag, worst first"
    tags: str = "Tags"
    tags_many: str = "{n} tags"
    tags_limit: str = "Up to {n} tags beside each other."
    start: str = "First day"
    day_wrong: str = "Write a day as YYYY-MM-DD, from {from} to {to}."
    prev: str = "One day earlier"
    next: str = "One day later"
    recent: str = "Last 30 days"
    caption: str = "30 days from {start}, messages counted up to {time}"
    truncated: str = (
        "More tags exist than the overview covers; these are the first by name. The search finds"
        " every tag."
    )

    summary: str = "Reception and outages"
    col_tag: str = "TAG"
    col_now: str = "Now"
    col_24h: str = "Received, 24 h"
    col_30d: str = "Received, 30 days"
    col_outages: str = "Outages"
    col_hours: str = "Hours"
    col_length: str = "Length"
    col_received: str = "Received"
    nothing: str = "nothing"
    col_total: str = "Total"
    col_expected: str = "Expected"
    col_longest: str = "Longest"
    col_last: str = "Last received"
    col_crit: str = "Critical hours"
    col_days: str = "30 days"
    refused: str = "{n} bad in 24 h"
    limits: str = "{n}/min · warning\u00a0<\u00a0{warn} · critical\u00a0<\u00a0{crit}"
    judged: str = "of {n} days"
    judged_one: str = "of 1 day"
    judged_why: str = (
        "On the other days nothing is expected: before the first sample, or after now."
    )
    assumed: str = "assumed"
    assumed_why: str = (
        "Nobody has stated what this tag sends, so 1 message a minute is expected."
        " ksys comm suggest shows what it sends, and states it with --apply."
    )

    maps: str = "Reception by day and hour"
    map_label: str = "{tag}: reception, 30 days by 24 hours"
    show_colors: str = "Colours"
    show_figures: str = "Figures"
    show: str = "Show as"
    figures_note: str = "Percent of the expected messages."
    legend: str = "Received"
    legend_none: str = "No data"
    legend_warn: str = "Warning"
    legend_crit: str = "Critical"
    odd_day: str = "{day} has {n} hours: clocks are changed."
    csv_cells: str = "Cells as CSV"
    csv_outages: str = "Outages as CSV"

    state_ok: str = "Normal"
    state_warn: str = "Warning"
    state_crit: str = "Critical"
    state_no_data: str = "No data"
    state_not_yet: str = "Not yet"
    says_rate: str = "{when}, {rate}, {state}, {recv} of {exp} received, {missing} missing"
    says_none: str = "{when}, no data"
    says_not_yet: str = "{when}, not yet"
    says_seen: str = "last received {time}"
    success: str = "Received"
    received: str = "Received / expected"
    missing: str = "Missing"
    last_seen: str = "Last received"
    none_seen: str = "Nothing in this hour"

    card: str = "Selected hour"
    card_hint: str = "Click a square, or use the arrow keys and Enter."
    card_local: str = "Local time"
    card_utc: str = "UTC"
    card_counted: str = "Counted"
    card_close: str = "Clear the selection"

    outages: str = "Outages"
    outages_none: str = "No outage in these 30 days."
    outages_no_data: str = "No data in these 30 days; first sample {time}."
    outages_never: str = "No data in these 30 days; no value has ever been received."
    outages_cut: str = "The newest {n} of {all}; the CSV has all."
    col_start: str = "Start"
    col_end: str = "End"
    ongoing: str = "Ongoing"
    clipped: str = "Longer"
    clipped_why: str = "It reaches over an edge of the 30 days."

    worst_why: str = (
        "Tags without signal now, then those never received, then the fewest received in 30 days."
    )
    overview_label: str = (
        "{tag}: received {rate}, {n} critical hour in 30 days. Open its hours."
        "|{tag}: received {rate}, {n} critical hours in 30 days. Open its hours."
    )
    overview_none: str = "{day}: no data"
    overview_not_yet: str = "{day}: not yet"
    overview_day: str = "{day}: {rate}, {n} critical hour|{day}: {rate}, {n} critical hours"
    pages: str = "Pages of the overview"
    page_prev: str = "Previous"
    page_next: str = "Next"
    nomatch: str = "No tag name contains"


C: Final = CommTexts()


def comm_words(texts: CommTexts = C) -> dict[str, str]:
    """What the browser's own parts need, by name."""
    return asdict(texts)
