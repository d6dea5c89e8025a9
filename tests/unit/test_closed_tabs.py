"""The states of closed tabs are freed; the states of tabs that come back stay."""

from __future__ import annotations

from ksys_app.utils.closed_tabs import ClosedTabs, give_back


def test_a_tab_that_stays_closed_is_freed_and_one_that_comes_back_is_not() -> None:
    held, connected = {"open", "closed", "blinks"}, {"open"}
    tabs = ClosedTabs(lambda: held, connected.__contains__, held.discard)
    tabs.sweep()
    assert held == {"open", "closed", "blinks"}, "they may come back"
    connected.add("blinks")
    tabs.sweep()
    assert held == {"open", "blinks"}
    connected.remove("blinks")
    tabs.sweep()
    assert held == {"open", "blinks"}, "closed anew"
    tabs.sweep()
    assert held == {"open"}


def test_memory_is_given_back_on_every_system() -> None:
    give_back()


def test_a_tab_that_is_busy_is_freed_at_a_later_sweep() -> None:
    busy, held = {"tab"}, {"tab"}

    def release(tab: str) -> None:
        if tab not in busy:
            held.discard(tab)

    tabs = ClosedTabs(lambda: held, lambda tab: False, release)
    for _ in range(3):
        tabs.sweep()
    assert held == {"tab"}
    busy.clear()
    tabs.sweep()
    assert not held
