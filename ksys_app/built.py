"""The built pages, served under any base path from one build (PRD §23)."""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reflex.utils.precompressed_staticfiles import PrecompressedStaticFiles
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

from ksys_app.base_path import placed
from ksys_app.utils.encodings import gzip_allowed

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class _Placed:
    plain: bytes
    packed: bytes
    digest: str
    media_type: str


class BuiltPages(PrecompressedStaticFiles):
    """Files of a build under a base path.

    The few that hold an address of the app, pages among them, are made once, at start, and sent
    from memory; the rest is sent from the disk as the build left it.

    Args:
        directory: of the build.
        base: the base path, empty for the root.
    """

    def __init__(self, directory: Path, base: str) -> None:
        super().__init__(directory=directory, html=True, encodings=("gzip",))
        self._placed: dict[str, _Placed] = {}
        for path in directory.resolve().rglob("*"):
            if path.suffix in TYPES:
                built = path.read_bytes()
                content = placed(built, base)
                if content != built:
                    self._placed[os.fspath(path)] = _Placed(
                        content,
                        gzip.compress(content, mtime=0),
                        hashlib.sha256(content).hexdigest()[:32],
                        TYPES[path.suffix],
                    )

    def file_response(
        self,
        full_path: Any,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file as it is under the base path, 304 where the browser has it."""
        file = self._placed.get(os.fspath(full_path))
        if file is None:
            return super().file_response(full_path, stat_result, scope, status_code)
        asked = Headers(scope=scope)
        packed = gzip_allowed(asked.get("accept-encoding", ""))
        headers = {
            "ETag": f'"{file.digest}"' if packed else f'"{file.digest}-plain"',
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            **({"Content-Encoding": "gzip"} if packed else {}),
        }
        body = file.packed if packed else file.plain
        response = Response(body, status_code, headers, file.media_type)
        if status_code == 200 and self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A page without a redirect to the same path with a slash at its end."""
        return await super().get_response(path, {**scope, "path": scope["path"].rstrip("/") + "/"})
