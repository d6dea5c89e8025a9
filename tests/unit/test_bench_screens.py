"""What screens received of the ticks of a time."""

from __future__ import annotations

from tests.bench.screens import Screen, Tick, watched


def screen(*ticks: Tick) -> Screen:
    return Screen("http://127.0.0.1", ticks=list(ticks))


def test_a_tick_that_another_screen_received_is_missed() -> None:
    first = screen(Tick(1000, 5, 100), Tick(2000, 7, 200, 1000))
    second = screen(Tick(1000, 9, 300))
    found = watched([first, second], 0, 3000)
    assert (found.screens, found.ticks, found.missed) == (2, 2, 1)
    assert found.lags == (5, 7, 9)
    assert found.slowest == (9, 7), "in the order of the ticks"
    assert (found.socket, found.fetched) == (200, 1000 / 3)


def test_a_tick_belongs_to_the_time_in_which_the_server_read_it() -> None:
    found = watched([screen(*(Tick(at, 1, 1) for at in (999, 1000, 1999, 2000)))], 1000, 2000)
    assert (found.ticks, found.missed) == (2, 0)


def test_no_tick_gives_no_figures() -> None:
    found = watched([screen()], 0, 1000)
    assert (found.ticks, found.lags, found.socket) == (0, (), 0)
