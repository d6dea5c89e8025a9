"""React components that work in the browser without the server: ages, timers, focus, shortcuts.

Each class wraps a React component of a file in the same folder: ``shell/`` is around every page,
``grid/`` has tiles and rows, ``lib/`` has shared code. Their texts come from
:mod:`ksys_app.texts`. This package exports the components that several pages use.
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
