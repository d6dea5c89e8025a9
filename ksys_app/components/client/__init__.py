"""The parts that must go on in the browser without the server: ages, timers, focus, shortcuts.

Each class stands for a React component of a file beside it: ``shell/`` around every page, ``grid/``
tiles and rows, ``chart/``, ``comm/``. ``lib/`` has what they share. What they say comes from
:mod:`ksys_app.texts` through ``Live``. The parts that several pages use can be had from here.
"""

from __future__ import annotations

from ksys_app.components.client.grid import (
    Age as Age,
    Cells as Cells,
    CommBadge as CommBadge,
    CommCell as CommCell,
    Digits as Digits,
    Fetched as Fetched,
    Fresh as Fresh,
    Grid as Grid,
    ManyRows as ManyRows,
    ManyTiles as ManyTiles,
    Mark as Mark,
    Name as Name,
    State as State,
    Steady as Steady,
    StillFor as StillFor,
    Summary as Summary,
    fetched_tiles as fetched_tiles,
    part as part,
)
from ksys_app.components.client.shell import (
    Account as Account,
    Address as Address,
    DatabaseClock as DatabaseClock,
    Drawer as Drawer,
    Explain as Explain,
    Figure as Figure,
    Keys as Keys,
    LanguageToggle as LanguageToggle,
    Live as Live,
    LiveWord as LiveWord,
    Modal as Modal,
    NextTick as NextTick,
    OpenPicker as OpenPicker,
    ProblemSince as ProblemSince,
    SearchBox as SearchBox,
    SkipLink as SkipLink,
    StatusBar as StatusBar,
    Waiting as Waiting,
    WindowMenu as WindowMenu,
)
