"""Every word the pages say, in one place.

A language is one :class:`Texts`; the defaults are English, so that a further language states only
what it has. Words in braces are filled in where the text is shown. A text with a count ``n`` in it
has its form for one before a ``|`` and its form for other numbers behind; without a ``|`` both are
the same. PRD §14 has the vocabulary: one word for one thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final

from ksys_app.domain import figures
from ksys_app.domain.windows import WINDOWS, BucketName, Group, Window
from ksys_app.models.rows import QcRule


@dataclass(frozen=True, slots=True)
class LiveTexts:
    """What the browser says on its own: ages, states of the connection, Comm."""

    ago: str = "{age} ago"
    ahead: str = "{age} ahead"
    never_seen: str = "never received"
    since: str = "Since {time} ({age})."
    retry: str = "Retry"
    retry_in: str = "Trying again in {seconds} s."
    retry_now: str = "Trying again."
    clock: str = "Database clock {time}"
    clock_unknown: str = "Database clock unknown"

    live_on: str = "Live"
    live_off: str = "Paused"
    live_waits: str = "Waiting"
    waits_database: str = "Waiting for the database"
    waits_server: str = "Waiting for the server"
    as_of: str = "as of {time}"

    status: str = "State of the data"
    bar_live: str = "Updated {time} · {caption}"
    bar_loading: str = "Reading {caption}"
    bar_reading: str = "Reading {caption}, last update {time}"
    bar_empty: str = "Updated {time}, no tags"
    bar_paused: str = "Paused. Values from {time}, {age} ago, do not update."
    bar_stale: str = "Values below are old, from {time}, {age} ago."
    stale_silent: str = "The database has not answered since {since} ({code})."
    stale_failed: str = "Data could not be read since {since} ({code})."
    bar_overdue: str = "No new data for {age} (last {time}). Values below are old."
    bar_disconnected: str = (
        "Disconnected. Values below are old, from {time}, {age} ago. Reconnecting."
    )
    bar_disconnected_bare: str = "Disconnected. Reconnecting."
    bar_error: str = "Data could not be read."
    bar_wrong: str = "This link cannot be shown."
    bar_retrying: str = "Data could not be read."

    says_live: str = "Live"
    says_loading: str = "Reading"
    says_empty: str = "No tags"
    says_paused: str = "Paused"
    says_stale: str = "The database does not answer, the values below are old"
    says_overdue: str = "No new data, the values below are old"
    says_disconnected: str = "Disconnected from the server, the values below are old"
    says_error: str = "Data could not be read"
    says_wrong: str = "This link cannot be shown"
    says_retrying: str = "Data could not be read, trying again"

    comm_title: str = "Communication"
    comm_ok: str = "OK"
    comm_late: str = "Late"
    comm_lost: str = "No signal"
    comm_never: str = "Never received"
    comm_still: str = "Unchanged"
    comm_why_still: str = "Its value is {still}, longer than its rule allows."
    still_for: str = "unchanged for {age}"
    still_longer: str = "unchanged for more than {age}"
    comm_why_ok: str = "Last value {age} ago."
    comm_why_late: str = "Last value {age} ago, later than this tag's pace allows."
    comm_why_lost: str = "Last value {age} ago. Do not rely on it."
    comm_why_never: str = "No value of this tag has ever been received."
    comm_why_ahead: str = "The last value is {age} ahead of the database's clock."
    comm_as_of: str = "Judged at {time}, when the database answered last."
    comm_rule: str = "OK within {allowed}, then late; no signal after {lost}."

    state_ok: str = "Normal"
    state_warn: str = "Warning"
    state_crit: str = "Critical"
    state_none: str = "Not judged"
    state_since: str = "since {time}, for {age}"
    state_least: str = "for at least {age}"
    state_unknown: str = "since when is not stored"
    state_then: str = "at the newest sample"

    chart_label: str = (
        "Chart of {name}, {caption}. Arrow keys move the cursor, plus and minus zoom."
    )
    chart_summary: str = (
        "{name}, {caption}: {n} point from {from} to {to}; the average lies between {low} and"
        " {high}, its last value is {last}. The table below holds every figure."
        "|{name}, {caption}: {n} points from {from} to {to}; the average lies between {low} and"
        " {high}, its last value is {last}. The table below holds every figure."
    )
    chart_series: str = "Series"
    chart_in: str = "Zoom in"
    chart_out: str = "Zoom out"
    chart_reset: str = "Reset zoom"
    chart_png: str = "PNG"
    chart_seen: str = "{from} – {to}, {zone} · {caption}"
    chart_seen_part: str = "{from} – {to}, {zone} · part of {caption}"
    chart_part: str = "part of {caption}"
    seen_part: str = "zoomed to {from} – {to}, part of {caption}"
    chart_wheel: str = "Ctrl + wheel zooms"
    chart_empty: str = "No values in this window."
    chart_hidden: str = "No series is switched on here. Choose one above."
    chart_none: str = "No values in this part of the window."
    chart_failed: str = "The chart could not be loaded: {message}."
    chart_code: str = "The chart's code could not be loaded. Reload the page."
    reload_page: str = "Reload"
    limit_from: str = "Range low"
    limit_to: str = "Range high"
    limit_ll: str = "LL"
    limit_l: str = "L"
    limit_h: str = "H"
    limit_hh: str = "HH"
    limit_over: str = "above"
    limit_under: str = "below"
    tags_failed: str = "The tags cannot be read now."
    tags_none: str = "No tag matches."
    tags_narrow: str = "There are too many tags to list; type more of the name."
    tags_searching: str = "Searching all tags"
    tags_more: str = "and {n} more; type to narrow"

    paper_window: str = "Window"
    paper_period: str = "Period"
    paper_span: str = "{from} to {to}"
    paper_zoom: str = "On the chart"
    paper_data: str = "Data of"
    paper_zone: str = "Time zone"

    tags_all: str = "{n} tag|{n} tags"
    tags_of: str = "{n} of {all} tags"
    tags_part: str = "{n} tag; others are not shown|{n} tags; others are not shown"
    normal_all: str = "{n} tag, normal|{n} tags, all normal"
    normal_of: str = "{n} of {all} tags, all normal"
    normal_part: str = (
        "{n} tag, normal; others are not shown|{n} tags, all normal; others are not shown"
    )
    summary: str = "Tags that need attention"
    only_on: str = "Show only these"
    only_off: str = "Show all"
    count_outside: str = "{n} not normal outside the filter"
    count_crit: str = "{n} critical"
    count_warn: str = "{n} in warning"
    count_old: str = "{n} late or without signal"
    count_still: str = "{n} unchanged"
    count_never: str = "{n} never received"


@dataclass(frozen=True, slots=True)
class Texts:
    """What the components say."""

    live: LiveTexts = field(default_factory=LiveTexts)

    product: str = "Ksys"
    skip_content: str = "Skip to content"
    skip_table: str = "Skip to table"
    navigation: str = "Pages"
    open_navigation: str = "Open navigation"
    close: str = "Close"
    nav_dashboard: str = "Dashboard"
    nav_trend: str = "Trend"
    nav_tech: str = "Indicators"
    nav_comm: str = "Communication"
    title_tech: str = "Technical Indicators"

    shortcuts: str = "Keyboard shortcuts"
    key_filter: str = "Filter tags"
    key_refresh: str = "Refresh"
    key_help: str = "This list"
    key_rows: str = "Move in the table, or the cursor on the chart"
    key_zoom: str = "Zoom the chart, or reset the zoom"
    key_pan: str = "Move the zoomed part of the chart"
    key_open: str = "Open the tag"
    key_copy: str = "Copy the cell"

    window: str = "Window"
    group_minutes: str = "Minutes"
    group_hours: str = "Hours"
    group_days: str = "Days"
    group_months: str = "Months"
    bucket_note: str = "one point per {bucket}"
    days_of: str = "{caption}, days of {zone}"
    delta_note: str = "vs the {bucket} before"
    bucket_1m: str = "minute"
    bucket_10m: str = "10 minutes"
    bucket_1h: str = "hour"
    bucket_1d: str = "day"
    filter: str = "Filter tags"
    filter_clear: str = "Clear the filter"
    paper_filter: str = "Filter"
    refresh: str = "Refresh now"
    live_hint: str = "Update automatically"
    theme_dark: str = "Switch to dark"
    theme_light: str = "Switch to light"

    tiles: str = "Tags"
    sort: str = "Sort tiles"
    sort_worst: str = "Worst first"
    sort_name: str = "By name"
    reorder: str = "{n} changed: reorder"
    truncated: str = (
        "More tags exist than one page shows; these are the first {n} by name. The filter finds"
        " every tag."
    )
    range: str = "Range"
    range_seen: str = "Lowest and highest value of the window; no range is set for this tag"
    open_detail: str = "Open the detail of {tag}"
    pin: str = "Pin to the front"
    unpin: str = "Unpin"
    stat_count: str = "Count"
    stat_min: str = "Min"
    stat_max: str = "Max"
    stat_first: str = "First"
    stat_last: str = "Last"
    gauge: str = "of range"
    gauge_none: str = "No value, or no range is set for this tag"
    alarm_none: str = "-"
    alarm_none_says: str = "Normal"
    alarm_title: str = "Alarm"
    alarm_warn: str = "Warning: the latest value breaks a warning limit."
    alarm_crit: str = "Critical: the latest value breaks a critical limit."
    no_values: str = "No values in this window"

    open_trend: str = "Open the trend of {tag}"
    tag: str = "Tag"
    overlays: str = "Series"
    avg: str = "Average"
    min: str = "Min"
    max: str = "Max"
    last: str = "Last"
    first: str = "First"
    sma_10: str = "SMA 10"
    sma_60: str = "SMA 60"
    bb_top: str = "BB Top"
    bb_bot: str = "BB Bot"
    slope_60: str = "Slope 60"
    band: str = "Bands"
    band_plant: str = "Plant"
    band_bollinger: str = "Bollinger"
    band_plant_hint: str = "Average ± 2 standard deviations of 20 points"
    band_bollinger_hint: str = "SMA 20 ± 2 standard deviations of 20 points"
    history: str = "Measurement history"
    features_table: str = "5-minute features"
    indicators_table: str = "Indicators (moving averages & bands)"
    tables: str = "Tables"
    history_hint: str = "The points of the chart, one row each"
    features_hint: str = "Average, spread and percentiles of each 5 minutes"
    rows: str = "{n} row|{n} rows"
    rows_whole: str = "in the full window"
    csv: str = "CSV"
    csv_hint: str = "Download every row of this table as CSV"
    csv_zoom: str = "CSV of the zoom"
    csv_zoom_hint: str = "Download the rows of what the chart shows now as CSV"
    pager: str = "Pages of the table"
    newer: str = "Newer"
    older: str = "Older"
    page_of: str = "Page {n} of {all}"
    series_empty: str = "No values of this tag in this window"
    series_last: str = "Last value {time}."
    series_choose: str = "Choose {window} or longer."
    series_old: str = "No window reaches back to it."
    series_never: str = "No value of this tag has ever been received"
    series_never_do: str = (
        "It is known from its rule, its expectation or refused samples alone. Compare its name with"
        " what the source sends."
    )
    series_narrow: str = "No 5-minute row begins in this window"
    col_num: str = "Num."

    table: str = "Latest snapshot"
    col_tag: str = "TAG"
    col_ts: str = "Time Stamp"
    col_value: str = "Value"
    col_comm: str = "Comm."
    col_alarm: str = "Alarm."
    copy: str = "Copy (Ctrl+C)"
    copied: str = "Copied {text}"

    now: str = "Now"
    state: str = "State"
    scale_says: str = "{value} among the limits {limits}"
    limits: str = "Limits"
    no_limits: str = "This tag has no rule. Its range is that of the window."
    rule_off: str = "This tag's rule is switched off: its limits are not judged."
    rule_faults: str = "Part of the stored rule cannot be used and is not judged: {faults}"
    samples: str = "Last samples"
    no_samples: str = "No sample in the last hour."
    features: str = "Last 5 minutes"
    features_since: str = "5 minutes from"
    no_features: str = "No features for the last 5 minutes."
    loading_detail: str = "Reading"
    open_in: str = "Open in"
    to_trend: str = "Trend"
    to_tech: str = "Indicators"
    to_comm: str = "Communication"

    empty_title: str = "No tags yet"
    empty_why: str = "The database answers, and holds no sample, rule or expectation of any tag."
    empty_do: str = "Start the ingest, or load the rules with"
    empty_command: str = "ksys qc sync"
    empty_then: str = "Tags appear here by themselves, within one tick."
    nomatch_title: str = "No tag matches"
    nomatch_why: str = "No tag name or title contains"
    none_title: str = "No tag to show"
    none_crit: str = "Only critical tags are shown. There is none now."
    none_warn: str = "Only tags in warning are shown. There is none now."
    none_old: str = "Only tags late or without signal are shown. There is none now."
    none_still: str = "Only tags whose values stay the same are shown. There is none now."
    none_never: str = "Only tags never received are shown. There is none now."
    none_filtered: str = "The filter is on as well, for"
    error_title: str = "Data could not be read"
    error_tell: str = (
        "If this does not pass within five minutes, tell the site-reliability engineer the code"
        " above and since when."
    )
    link_title: str = "This link cannot be shown"
    link_tell: str = "Only this link is wrong. The address stays as it is until you choose."
    link_choose: str = "Choose a tag"
    link_open: str = "Open the page as usual"
    lost_title: str = "Page not found"
    lost_what: str = "No page has this address"
    lost_why: str = "It may be misspelt, or an old bookmark."
    lost_do: str = "Open the dashboard"
    error_does: str = "The page goes on trying, waiting 1, 2, 4 and then 8 s."
    runbook: str = "Help for this error"

    crash_title: str = "This page has failed"
    crash_why: str = "The error was sent to the server's log. Reloading the page usually helps."
    crash_do: str = "Reload"


DASH: Final = figures.DASH
LANGUAGES: Final[Mapping[str, Texts]] = MappingProxyType({"en": Texts()})
T: Final = LANGUAGES["en"]


def live_texts(texts: Texts = T) -> dict[str, str]:
    """What the browser's own parts need, by name."""
    return asdict(texts.live)


# Columns of influx_qc_rule and features_5m, as people call them.
LIMITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "min_val": "Range low",
        "crit_min": "LL critical low",
        "warn_min": "L warning low",
        "warn_max": "H warning high",
        "crit_max": "HH critical high",
        "max_val": "Range high",
        "max_step": "Largest step",
        "roc_max_per_min": "Largest rate a minute",
        "spike_zscore": "Spike z-score",
        "deadband_pct": "Deadband, % of range",
        "max_gap_seconds": "Largest gap, s",
        "stuck_s": "Longest unchanged, s",
    }
)
FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mean_5m": "Average",
        "std_5m": "Standard deviation",
        "min_5m": "Min",
        "max_5m": "Max",
        "p10_5m": "10th percentile",
        "p90_5m": "90th percentile",
        "n_5m": "Count",
    }
)
COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "avg": T.avg,
        "min": T.min,
        "max": T.max,
        "last": T.last,
        "first": T.first,
        "n": T.stat_count,
        "sma_10": T.sma_10,
        "sma_60": T.sma_60,
        "bb_top": T.bb_top,
        "bb_bot": T.bb_bot,
        "slope_60": T.slope_60,
        **FEATURES,
    }
)
"""What a column of a table holds, in the words of the pages; the headings are the plant's."""
_BUCKETS: Final[Mapping[BucketName, str]] = MappingProxyType(
    {"1m": T.bucket_1m, "10m": T.bucket_10m, "1h": T.bucket_1h, "1d": T.bucket_1d}
)

_GROUPS: Final[Mapping[Group, str]] = MappingProxyType(
    {
        "minutes": T.group_minutes,
        "hours": T.group_hours,
        "days": T.group_days,
        "months": T.group_months,
    }
)


def forms(text: str) -> tuple[str, str]:
    """A text's form for a count of one, and its form for any other."""
    one, _, other = text.partition("|")
    return one, other or one


def bucket_caption(window: Window) -> str:
    """``one point per minute``."""
    return T.bucket_note.format(bucket=_BUCKETS[window.bucket])


def window_groups() -> list[dict[str, Any]]:
    """The window menu: each group with its name and its windows, spelled out."""
    return [
        {
            "name": name,
            "items": [
                {"label": one.label, "title": one.title, "bucket": bucket_caption(one)}
                for one in WINDOWS
                if one.group == group
            ],
        }
        for group, name in _GROUPS.items()
    ]


def window_spans() -> dict[str, int]:
    """Seconds of each window by its label."""
    return {one.label: int(one.duration.total_seconds()) for one in WINDOWS}


def window_caption(window: Window, days: str | None = None) -> str:
    """``5 minutes, one point per minute``; with the zone of its days, if that is given."""
    caption = f"{window.title}, {bucket_caption(window)}"
    return caption if days is None else T.days_of.format(caption=caption, zone=days)


def delta_caption(window: Window) -> str:
    """What the signed change of a tile compares with: ``vs the minute before``."""
    return T.delta_note.format(bucket=_BUCKETS[window.bucket])


def detail_note(rule: QcRule | None) -> str:
    """Why a tag's limits do not count, where they do not; else empty."""
    if rule is None:
        return T.no_limits
    if rule.enabled is False:
        return T.rule_off
    return T.rule_faults.format(faults="; ".join(map(str, rule.faults))) if rule.faults else ""


def scale_says(value_s: str, unit: str, low: str, high: str, limits: Sequence[str]) -> str:
    """A line of limits in words: ``190.0 °C among the limits Range low 0, L 20, Range high 200``.

    Args:
        value_s: the value on it.
        unit: its unit, may be empty.
        low: the low end of the range, empty for none.
        high: the high end.
        limits: what lies between, from low to high.
    """
    ends = ((T.live.limit_from, low), (T.live.limit_to, high))
    first, last = ([f"{name} {end}"] if end else [] for name, end in ends)
    value = f"{value_s} {unit}".rstrip()
    return T.scale_says.format(value=value, limits=", ".join([*first, *limits, *last]))
