"""The ticks that screens received, and the line about a minute."""

from __future__ import annotations

from datetime import datetime

from ksys_app.ops.demo.screens.report import Usage, line
from ksys_app.ops.demo.screens.screens import Screen
from ksys_app.ops.demo.screens.tick_counts import Tick, TickCounts, count_ticks

AT = datetime(2026, 8, 14, 12, 1)


def received(lags: tuple[float, ...], missed: int = 0, reconnects: int = 0) -> TickCounts:
    return TickCounts(20, 6, missed, lags, (), 7000.0, 0.0, reconnects, 0)


def test_a_line_has_what_was_received_and_what_it_cost() -> None:
    before, after = Usage(10.0, 100 * 2**20), Usage(13.0, 128 * 2**20)
    lags = tuple(float(ms) for ms in range(1, 101))
    assert line(received(lags, 3), before, after, 60.0, AT) == (
        "screens: 12:01:00 20 screens, 100 ticks received, 3 dropped, "
        "tick to receipt p50 51 ms, p95 96 ms; app 0.05 cores, 128 MiB"
    )


def test_a_minute_without_a_tick_says_so_and_names_lost_connections() -> None:
    nothing = Usage(0.0, 0.0)
    assert line(received((), 0, 20), nothing, nothing, 60.0, AT) == (
        "screens: 12:01:00 20 screens, 0 ticks received, 0 dropped, 20 reconnects, no tick; "
        "app 0.00 cores, 0 MiB"
    )


def screen(*ticks: Tick) -> Screen:
    return Screen("http://127.0.0.1", ticks=list(ticks))


def test_a_tick_that_another_screen_received_is_missed() -> None:
    first = screen(Tick(1000, 5, 100), Tick(2000, 7, 200, 1000))
    second = screen(Tick(1000, 9, 300))
    found = count_ticks([first, second], 0, 3000)
    assert (found.screens, found.ticks, found.missed) == (2, 2, 1)
    assert found.lags == (5, 7, 9)
    assert found.slowest == (9, 7), "in the order of the ticks"
    assert (found.socket, found.fetched) == (200, 1000 / 3)


def test_a_tick_belongs_to_the_time_in_which_the_server_read_it() -> None:
    found = count_ticks([screen(*(Tick(at, 1, 1) for at in (999, 1000, 1999, 2000)))], 1000, 2000)
    assert (found.ticks, found.missed) == (2, 0)


def test_no_tick_gives_no_figures() -> None:
    found = count_ticks([screen()], 0, 1000)
    assert (found.ticks, found.lags, found.socket) == (0, (), 0)
