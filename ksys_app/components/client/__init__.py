"""The parts that must go on in the browser without the server: ages, timers, focus, shortcuts.

Each class stands for a React component of a file beside it: ``shell/`` around every page, ``grid/``
tiles and rows, ``chart/``, ``comm/``. ``lib/`` has what they share. What they say comes from
:mod:`ksys_app.texts` through ``Live``. The parts that several pages use can be had from here.
"""

from __future__ import annotations

from ksys_app.components.client.grid import (
    Age as Age,
)
from ksys_app.components.client.grid import (
    Cells as Cells,
)
from ksys_app.components.client.grid import (
    CommBadge as CommBadge,
)
from ksys_app.components.client.grid import (
    CommCell as CommCell,
)
from ksys_app.components.client.grid import (
    Digits as Digits,
)
from ksys_app.components.client.grid import (
    Fetched as Fetched,
)
from ksys_app.components.client.grid import (
    Fresh as Fresh,
)
from ksys_app.components.client.grid import (
    Grid as Grid,
)
from ksys_app.components.client.grid import (
    ManyRows as ManyRows,
)
from ksys_app.components.client.grid import (
    ManyTiles as ManyTiles,
)
from ksys_app.components.client.grid import (
    Mark as Mark,
)
from ksys_app.components.client.grid import (
    Name as Name,
)
from ksys_app.components.client.grid import (
    State as State,
)
from ksys_app.components.client.grid import (
    Steady as Steady,
)
from ksys_app.components.client.grid import (
    StillFor as StillFor,
)
from ksys_app.components.client.grid import (
    Summary as Summary,
)
from ksys_app.components.client.grid import (
    fetched_tiles as fetched_tiles,
)
from ksys_app.components.client.grid import (
    part as part,
)
from ksys_app.components.client.shell import (
    Address as Address,
)
from ksys_app.components.client.shell import (
    DatabaseClock as DatabaseClock,
)
from ksys_app.components.client.shell import (
    Drawer as Drawer,
)
from ksys_app.components.client.shell import (
    Explain as Explain,
)
from ksys_app.components.client.shell import (
    Figure as Figure,
)
from ksys_app.components.client.shell import (
    Keys as Keys,
)
from ksys_app.components.client.shell import (
    LanguageToggle as LanguageToggle,
)
from ksys_app.components.client.shell import (
    Live as Live,
)
from ksys_app.components.client.shell import (
    LiveWord as LiveWord,
)
from ksys_app.components.client.shell import (
    Modal as Modal,
)
from ksys_app.components.client.shell import (
    NextTick as NextTick,
)
from ksys_app.components.client.shell import (
    OpenPicker as OpenPicker,
)
from ksys_app.components.client.shell import (
    ProblemSince as ProblemSince,
)
from ksys_app.components.client.shell import (
    SearchBox as SearchBox,
)
from ksys_app.components.client.shell import (
    SkipLink as SkipLink,
)
from ksys_app.components.client.shell import (
    StatusBar as StatusBar,
)
from ksys_app.components.client.shell import (
    Waiting as Waiting,
)
from ksys_app.components.client.shell import (
    WindowMenu as WindowMenu,
)
