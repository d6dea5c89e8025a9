"""The expected journal, computed from complete series without code or state of the machine.

A series is cut into pieces in which one value holds. Pieces of one judgement make a run. A level is
raised by the first run of "set" that lasts the on-delay, and cleared by the next run of "clear"
that lasts the off-delay.
"""

from __future__ import annotations

from itertools import groupby, pairwise

DOUBTED = 1 + 2 + 4 + 8 + 16 + 64


def pieces(samples, gap, until):
    """(start, end, "good", "bad" or "silent", value) of samples in the order of their arrival."""
    usable = []
    for ts, value, qc in samples:
        if ts <= until + 60_000_000 and (not usable or ts > usable[-1][0]):
            good = abs(value) < float("inf") and not qc & DOUBTED
            usable.append((ts, "good" if good else "bad", value))
    for (ts, state, value), end in zip(
        usable, [one[0] for one in usable[1:]] + [until], strict=True
    ):
        quiet = end if gap is None else min(end, ts + gap)
        yield ts, max(ts, quiet), state, value
        if quiet < end:
            yield quiet, end, "silent", value


def spells(judged, on, off):
    """(raised, cleared) of one level; of (start, end, judgement)."""
    raised = None
    for judgement, group in groupby(judged, key=lambda piece: piece[2]):
        run = list(group)
        start, end = run[0][0], run[-1][1]
        if raised is None and judgement == "set" and end - start >= on:
            raised = start + on, on == 0
        elif raised is not None and judgement == "clear" and end - start >= off:
            yield raised, (start + off, off == 0)
            raised = None
    if raised is not None:
        yield raised, None


def journal(levels):
    """(ts, event, level, raised_at) of a condition; of its levels, the least severe first."""
    changes = {}
    for rank, found in enumerate(levels):
        for raised, cleared in found:
            changes.setdefault(raised, []).append((rank, True))
            if cleared:
                changes.setdefault(cleared, []).append((rank, False))
    active, shown, episode = set(), None, None
    for moment in sorted(changes):
        for rank, on in changes[moment]:
            (active.add if on else active.discard)(rank)
        top = max(active, default=None)
        if top == shown:
            continue
        if shown is None:
            event, episode = "RAISE", moment[0]
        else:
            event = "CLEAR" if top is None else "ESCALATE" if top > shown else "DEESCALATE"
        yield moment[0], event, shown if top is None else top, episode
        shown = top


def lost(gaps, limit, until):
    """(ts, tag or None for the group, event) of a group; of its (tag, begin, end or None).

    Lost from the first silence with which so many began within a minute and go on, until for half
    a minute too few of those that began since then go on.
    """
    minute, over = 60_000_000, -1
    for at in sorted({begin for _, begin, _ in gaps}):
        now = [gap for gap in gaps if at - minute <= gap[1] <= at and goes_on(gap, at)]
        if at <= over or len(now) < limit:
            continue
        part = now + [gap for gap in gaps if gap[1] > at]
        ends = sorted({ts for _, *both in part for ts in both if ts is not None and ts >= at})
        runs = groupby(ends, key=lambda ts: sum(goes_on(gap, ts) for gap in part) < limit)
        starts = [(few, next(run)) for few, run in runs] + [(False, until + 1)]
        over = next(
            (
                ts + minute // 2
                for (few, ts), (_, end) in pairwise(starts)
                if few and end > ts + minute // 2
            ),
            until + 1,
        )
        yield at, None, "RAISE"
        if over <= until:
            yield over, None, "CLEAR"
        for tag, begin, end in part:
            if begin <= over:
                yield max(begin, at), tag, "SUPPRESS"
                released = over if end is None else min(end, over)
                if released <= until:
                    yield released, tag, "RELEASE"


def goes_on(gap, ts):
    _, begin, end = gap
    return begin <= ts and (end is None or end > ts)
