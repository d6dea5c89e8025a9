"""Every word the pages say, in one place.

A language is one :class:`Texts`; the defaults are English, so that a further language states only
what it has. Words in braces are filled in where the text is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final

from ksys_app.domain import kpi
from ksys_app.domain.windows import WINDOWS, BucketName, Group, Window
from ksys_app.models.rows import QcRule


@dataclass(frozen=True, slots=True)
class LiveTexts:
    """What the browser says on its own: ages, states of the connection, Comm."""

    ago: str = "{age} ago"
    ahead: str = "{age} ahead"
    never_seen: str = "never seen"
    since: str = "Since {time} ({age})."
    retry: str = "Retry"
    retry_in: str = "Trying again in {seconds} s."
    retry_now: str = "Trying again."
    clock: str = "Database clock {time}"
    clock_unknown: str = "Database clock unknown"

    status: str = "State of the data"
    bar_live: str = "Updated {time} · {caption}"
    bar_loading: str = "Loading {caption}"
    bar_empty: str = "Updated {time}, no tags"
    bar_paused: str = "Paused. Data from {time}, {age} old."
    bar_stale: str = "Stale. Data from {time}, {age} old. {message}"
    bar_overdue: str = "No update since {time}, {age} ago."
    bar_disconnected: str = "Disconnected. Data from {time}, {age} old. Reconnecting."
    bar_disconnected_bare: str = "Disconnected. Reconnecting."
    bar_error: str = "No data."
    bar_retrying: str = "No data."

    says_live: str = "Live"
    says_loading: str = "Loading"
    says_empty: str = "No tags"
    says_paused: str = "Paused"
    says_stale: str = "Stale: the database does not answer, the figures are old"
    says_overdue: str = "No update arrives"
    says_disconnected: str = "Disconnected from the server, the figures are old"
    says_error: str = "Error: no data"
    says_retrying: str = "Error: no data, trying again"

    comm_title: str = "Communication"
    comm_ok: str = "OK"
    comm_late: str = "Late"
    comm_lost: str = "Lost"
    comm_never: str = "Never"
    comm_why_ok: str = "The newest sample is {age} old."
    comm_why_late: str = "The newest sample is {age} old, later than this tag's pace allows."
    comm_why_lost: str = "The newest sample is {age} old. Its value says nothing about now."
    comm_why_never: str = "No sample of this tag has ever reached the database."
    comm_why_ahead: str = "The newest sample is {age} ahead of the database's clock."
    comm_rule: str = "OK up to {allowed}, late up to {lost}, lost beyond."

    chart_label: str = (
        "Chart of {name}, {caption}. Arrow keys move the cursor, plus and minus zoom."
    )
    chart_summary: str = (
        "{name}, {caption}: {n} buckets from {from} to {to}; the average lies between {low} and"
        " {high}, its newest value is {last}. The table below holds every figure."
    )
    chart_series: str = "Series"
    chart_in: str = "Zoom in"
    chart_out: str = "Zoom out"
    chart_reset: str = "Whole window"
    chart_png: str = "PNG"
    chart_empty: str = "No data in this window."
    chart_failed: str = "The chart could not be loaded: {message}."
    limit_from: str = "from"
    limit_to: str = "to"
    limit_ll: str = "LL"
    limit_l: str = "L"
    limit_h: str = "H"
    limit_hh: str = "HH"
    tags_failed: str = "The tags cannot be read now."
    tags_none: str = "No tag matches."
    tags_more: str = "and {n} more; type to narrow"

    summary: str = "Tags that need attention"
    count_crit: str = "{n} critical"
    count_warn: str = "{n} warning"
    count_old: str = "{n} not current"
    count_never: str = "{n} never seen"


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

    shortcuts: str = "Keyboard shortcuts"
    key_filter: str = "Filter tags"
    key_refresh: str = "Refresh"
    key_help: str = "This list"
    key_rows: str = "Move in the table, or the cursor on the chart"
    key_zoom: str = "Zoom the chart, or show all of it"
    key_pan: str = "Move the zoomed part of the chart"
    key_open: str = "Open the tag"
    key_copy: str = "Copy the cell"

    window: str = "Window"
    group_minutes: str = "Minutes"
    group_hours: str = "Hours"
    group_days: str = "Days"
    group_months: str = "Months"
    bucket_note: str = "{bucket} buckets"
    delta_note: str = "vs previous {bucket} bucket"
    bucket_1m: str = "1 min"
    bucket_10m: str = "10 min"
    bucket_1h: str = "1 h"
    bucket_1d: str = "1 day"
    filter: str = "Filter tags"
    filter_clear: str = "Clear the filter"
    refresh: str = "Refresh now"
    live_on: str = "Live"
    live_off: str = "Paused"
    live_hint: str = "Live updates"
    theme_dark: str = "Switch to dark"
    theme_light: str = "Switch to light"

    tiles: str = "Tags"
    sort: str = "Sort tiles"
    sort_worst: str = "Worst first"
    sort_name: str = "By name"
    truncated: str = "More tags exist than one page shows; these are the first {n} by name."
    range: str = "Range"
    open_detail: str = "Open the detail of {tag}"
    pin: str = "Pin to the front"
    unpin: str = "Unpin"
    stat_count: str = "Count"
    stat_min: str = "Min"
    stat_max: str = "Max"
    stat_first: str = "First"
    stat_last: str = "Last"
    gauge: str = "of range"
    alarm_none: str = "-"
    alarm_none_says: str = "No alarm"
    alarm_title: str = "Alarm"
    alarm_warn: str = "A warning: the newest sample breaks this tag's rule."
    alarm_crit: str = "Critical: the newest sample breaks this tag's rule."
    no_course: str = "No data in this window"

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
    band_plant_hint: str = "Average ± 2 standard deviations of 20 buckets"
    band_bollinger_hint: str = "SMA 20 ± 2 standard deviations of 20 buckets"
    history: str = "Measurement history"
    features_table: str = "5-minute features"
    indicators_table: str = "Indicators"
    tables: str = "Tables"
    history_hint: str = "The buckets of the chart, one row each"
    features_hint: str = "Mean, spread and percentiles of each 5 minutes"
    rows: str = "{n} rows"
    csv: str = "CSV"
    csv_hint: str = "Download every row of this table as CSV"
    pager: str = "Pages of the table"
    newer: str = "Newer"
    older: str = "Older"
    page_of: str = "Page {n} of {all}"
    course_empty: str = "No data of this tag in this window"
    course_empty_do: str = "Choose a longer window, or see on the dashboard when it reported last."
    col_num: str = "Num."

    table: str = "Latest snapshot"
    col_tag: str = "TAG"
    col_ts: str = "Time Stamp"
    col_value: str = "Value"
    col_comm: str = "Comm."
    col_alarm: str = "Alarm."
    copy: str = "Copy (Ctrl+C)"
    copied: str = "Copied {text}"

    limits: str = "Limits"
    no_limits: str = "This tag has no rule. Its range is that of the window."
    rule_off: str = "This tag's rule is switched off: its limits are not judged."
    samples: str = "Last samples"
    no_samples: str = "No samples."
    features: str = "Last 5 minutes"
    no_features: str = "No features for the last 5 minutes."
    loading_detail: str = "Loading"
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
    nomatch_why: str = "No tag name contains"
    error_title: str = "The data cannot be read"
    error_does: str = "The page goes on trying, waiting 1, 2, 4 and then 8 s."
    runbook: str = "What to do"

    crash_title: str = "This page has failed"
    crash_why: str = "The error was sent to the server's log. Reloading the page usually helps."
    crash_do: str = "Reload"


DASH: Final = kpi.DASH
LANGUAGES: Final[Mapping[str, Texts]] = MappingProxyType({"en": Texts()})
T: Final = LANGUAGES["en"]


def live_texts(texts: Texts = T) -> dict[str, str]:
    """What the browser's own parts need, by name."""
    return asdict(texts.live)


# Columns of influx_qc_rule and features_5m, as people call them.
LIMITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "min_val": "Range from",
        "crit_min": "LL critical low",
        "warn_min": "L low",
        "warn_max": "H high",
        "crit_max": "HH critical high",
        "max_val": "Range to",
        "max_step": "Largest step",
        "roc_max_per_min": "Largest rate a minute",
        "spike_zscore": "Spike z-score",
        "deadband_pct": "Deadband, % of range",
        "max_gap_seconds": "Largest gap, s",
    }
)
FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mean_5m": "Mean",
        "std_5m": "Standard deviation",
        "min_5m": "Minimum",
        "max_5m": "Maximum",
        "p10_5m": "10th percentile",
        "p90_5m": "90th percentile",
        "n_5m": "Samples",
    }
)
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


def bucket_caption(window: Window) -> str:
    """``1 min buckets``."""
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


def window_caption(window: Window) -> str:
    """``5 minutes, 1 min buckets``."""
    return f"{window.title}, {bucket_caption(window)}"


def delta_caption(window: Window) -> str:
    """What the signed change of a tile compares with: ``vs previous 1 min bucket``."""
    return T.delta_note.format(bucket=_BUCKETS[window.bucket])


def detail_note(rule: QcRule | None) -> str:
    """Why a tag's limits do not count, where they do not; else empty."""
    if rule is None:
        return T.no_limits
    return "" if rule.enabled is not False else T.rule_off
