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

from ksys_app import content_policy
from ksys_app.base_path import with_base
from ksys_app.utils.encodings import gzip_allowed

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class _Placed:
    plain: bytes
    zipped: bytes
    digest: str
    media_type: str
    # The headers of a page: the policy that allows its scripts. Empty for other files.
    own: dict[str, str]


class BuiltPages(PrecompressedStaticFiles):
    """Serves the files of a build under a base path.

    A few files, among them the pages, contain an address of the app. At start the base path is put
    into these files, and they are sent from memory. The other files are sent from the disk. A page
    has the policy that allows the scripts in it, computed from the text that is sent.

    Args:
        directory: folder of the build.
        base: the base path, empty for the root.
    """

    def __init__(self, directory: Path, base: str) -> None:
        super().__init__(directory=directory, html=True, encodings=("gzip",))
        self._placed: dict[str, _Placed] = {}
        for path in directory.resolve().rglob("*"):
            if path.suffix in TYPES:
                built = path.read_bytes()
                content = with_base(built, base)
                if content != built or path.suffix == ".html":
                    self._placed[os.fspath(path)] = _Placed(
                        content,
                        gzip.compress(content, mtime=0),
                        hashlib.sha256(content).hexdigest()[:32],
                        TYPES[path.suffix],
                        _own_headers(path, content),
                    )

    def file_response(
        self,
        full_path: Any,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file with the base path in it; status 304 if the browser has the same version."""
        file = self._placed.get(os.fspath(full_path))
        if file is None:
            return super().file_response(full_path, stat_result, scope, status_code)
        request = Headers(scope=scope)
        zipped = gzip_allowed(request.get("accept-encoding", ""))
        headers = {
            "ETag": f'"{file.digest}"' if zipped else f'"{file.digest}-plain"',
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            **({"Content-Encoding": "gzip"} if zipped else {}),
            **file.own,
        }
        body = file.zipped if zipped else file.plain
        response = Response(body, status_code, headers, file.media_type)
        if status_code == 200 and self.is_not_modified(response.headers, request):
            unchanged = NotModifiedResponse(response.headers)
            # The browser replaces its stored headers with the headers of this response.
            unchanged.headers.update(file.own)
            return unchanged
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The page of a path, without a redirect to the same path with a slash at its end."""
        return await super().get_response(path, {**scope, "path": scope["path"].rstrip("/") + "/"})


def _own_headers(path: Path, content: bytes) -> dict[str, str]:
    if path.suffix != ".html":
        return {}
    return {content_policy.HEADER: content_policy.of_built_page(content.decode("utf-8"))}
