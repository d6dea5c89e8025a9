"""Check the frames of one connection: Socket.IO inside Engine.IO, as the page's client sends them.

Each frame is parsed, and a new frame is written from the parsed content. So the page framework gets
exactly the content that was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from ksys_app.events.arguments import MAX_TEXT, Catalogue, Json
from ksys_app.events.refusals import Refused
from ksys_app.models.access import Role

# The page framework closes a connection that sends a frame with more bytes.
MAX_FRAME: Final = 1_000_000
PONG, CLOSE = "3", "1"
# Packet types of Socket.IO inside a message of Engine.IO.
CONNECT, DISCONNECT, EVENT = "40", "41", "42"
# Fields of an error report from the page's client.
_REPORT: Final = ("error_type", "message", "substate")


class Conversation:
    """The state of one connection, which decides what the browser may send next.

    Args:
        namespace: the namespace of the page's events, e.g. ``/_event``.
        catalogue: the handlers that a browser may call.
        report: called for each refused message. The connection stays open.
        named: whether the URL names a tab. A connection without a tab cannot join.
        role: the role of the visitor.
    """

    def __init__(
        self,
        namespace: str,
        catalogue: Catalogue,
        report: Callable[[Refused], None],
        *,
        named: bool = True,
        role: Role,
    ) -> None:
        self._namespace, self._catalogue, self._report_refusal = f"{namespace},", catalogue, report
        self._named, self._role = named, role
        self._joined = self._left = False

    def checked(self, frame: str | None) -> str | None:
        """The frame to pass on; None for a refused frame.

        Args:
            frame: the text of the received frame; None for a frame of bytes.
        """
        try:
            return self._parse(frame)
        except Refused as refused:
            self._report_refusal(refused)
            return None

    def _parse(self, frame: str | None) -> str:
        """The frame, written again from its checked content.

        Raises:
            Refused: the frame is not valid now.
        """
        if frame is None:
            raise Refused("frame", "a frame must be text, not bytes")
        if len(frame) > MAX_FRAME:
            raise Refused("size", f"a frame of {len(frame):,} characters is too long")
        if frame in (PONG, CLOSE):
            return frame
        packet, rest = frame[:2], frame[2:]
        if not rest.startswith(self._namespace):
            raise Refused("frame", f"frame {frame[:20]!r} is none of this page")
        content = rest[len(self._namespace) :]
        if packet == CONNECT:
            return self._frame_text(packet, self._join(content))
        if not self._joined or self._left:
            raise Refused("frame", "an event came before the connection was joined, or after")
        if packet == DISCONNECT and not content:
            self._left = True
            return frame
        if packet != EVENT:
            raise Refused("frame", f"frame {frame[:20]!r} is none of this page")
        return self._frame_text(packet, self._event(content))

    def _join(self, content: str) -> Json:
        """The checked content of the frame that joins the connection."""
        if not self._named:
            raise Refused("connection", "a tab names itself with token=")
        if self._joined:
            raise Refused("frame", "the connection was joined already")
        sent = _parse_json(content or "{}")
        if not isinstance(sent, dict):
            raise Refused("event", "a connection is joined with an object")
        self._joined = True
        schema = sent.get("state_schema")
        joined: Json = {"state_schema": schema[:MAX_TEXT]} if isinstance(schema, str) else {}
        try:
            return joined | {"event": self._catalogue.event(sent["event"], self._role)}
        except KeyError:
            return joined
        except Refused as refused:
            # A page of another version must join too, so that the app can make it reload.
            self._report_refusal(refused)
            return joined

    def _event(self, content: str) -> list[Any]:
        """The checked content of a frame with an event or an error report: its name and body."""
        sent = _parse_json(content)
        if not isinstance(sent, list) or len(sent) != 2 or sent[0] not in ("event", "client_error"):
            raise Refused("frame", "a message is a name and an event")
        name, body = sent
        if name == "event":
            return [name, self._catalogue.event(body, self._role)]
        return [name, _report(body)]

    def _frame_text(self, packet: str, content: object) -> str:
        return f"{packet}{self._namespace}{orjson.dumps(content).decode()}"


def _parse_json(text: str) -> Any:
    """The value of a text of strict JSON: no infinities, no single surrogates, no deep nesting."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused("json", f"no JSON: {error}") from None


def _report(sent: object) -> dict[str, str]:
    """An error report of the page's client, with shortened texts and without other fields."""
    if not isinstance(sent, dict):
        raise Refused("event", "a report is an object")
    return {key: text[:MAX_TEXT] for key in _REPORT if isinstance(text := sent.get(key), str)}
