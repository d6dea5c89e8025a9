"""Requests to the identity provider: bounded in time and in bytes, with one kind of error."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, TypeVar

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]

from ksys_app.errors import AuthRequired
from ksys_app.models.message import Message

T = TypeVar("T")

REQUEST_S: Final = 5.0
"""Longest time of one request to the provider, seconds."""
MOST_BYTES: Final = 1_000_000
"""Longest answer of the provider."""
HOLD_S: Final = 3600.0
"""What the provider says about itself is asked for again after this time, seconds."""
PAUSE_S: Final = 5.0
"""After a failure the provider is not asked again for this time, seconds."""


class ProviderFault(AuthRequired):
    """The login at the identity provider failed.

    Args:
        reason: one word for the audit: ``away``, ``answer``, ``refused`` or ``token``.
        why: what happened, for the audit and the log.
        said: what the person reads.
    """

    def __init__(self, reason: str, why: str, said: Message) -> None:
        super().__init__(said)
        self.reason, self.why = reason, why


def away(error: BaseException) -> ProviderFault:
    """The provider does not answer."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return ProviderFault("away", what[:300], Message("errors.sign_in_away"))


def garbage(why: str) -> ProviderFault:
    """The provider's answer is none that a provider gives."""
    return ProviderFault("answer", why[:300], Message("errors.sign_in_away"))


@asynccontextmanager
async def bounded(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    """Requests to the provider, a few at a time; what goes wrong is a :class:`ProviderFault`."""
    try:
        async with asyncio.timeout(REQUEST_S), turns:
            yield
    except AuthlibBaseError as error:
        why = f"{error.error}: {error.description}"
        raise ProviderFault("refused", why[:300], Message("errors.sign_in_refused")) from error
    except (TimeoutError, httpx2.TransportError, OSError) as error:
        raise away(error) from error
    # A text that is no JSON, and one that is nested too deeply.
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
        raise garbage(f"{type(error).__name__}: {error}") from error


class _Short(httpx2.AsyncByteStream):
    """A body with at most ``MOST_BYTES``."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._body:
            size += len(part)
            if size > MOST_BYTES:
                raise httpx2.DecodingError("the answer is too long")
            yield part

    async def aclose(self) -> None:
        await self._body.aclose()


async def shorten(response: httpx2.Response) -> None:
    """End an answer that is too long; for the hook ``response``."""
    response.stream = _Short(response.stream)


async def json_of(client: Any, url: str, **more: Any) -> Mapping[str, Any]:
    """The JSON object at an address."""
    response = await client.request("GET", url, **more)
    if response.status_code != 200:
        raise ValueError(f"{url} answers {response.status_code}")
    found = response.json()
    if not isinstance(found, dict):
        raise ValueError(f"{url} has no JSON object")
    return found


class Kept(Generic[T]):
    """A document of the provider that is read once for all who need it.

    Args:
        read: reads the document; raises :class:`ProviderFault`.
        clock: seconds.
    """

    def __init__(
        self, read: Callable[[], Awaitable[T]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._clock = read, clock
        self._turn = asyncio.Lock()
        self._at = -math.inf
        self._found: T | None = None
        self._fault: ProviderFault | None = None

    async def get(self, *, anew: bool = False) -> T:
        """The document, at most ``HOLD_S`` old.

        Args:
            anew: whether what is kept lacks something; then it is at most ``PAUSE_S`` old.

        Raises:
            ProviderFault: it cannot be read, or could not be read within the last ``PAUSE_S``.
        """
        async with self._turn:
            if self._clock() - self._at >= (PAUSE_S if anew or self._fault else HOLD_S):
                try:
                    self._found, self._fault = await self._read(), None
                except ProviderFault as fault:
                    self._found, self._fault = None, fault
                self._at = self._clock()
            if self._found is None:
                known = self._fault or garbage("no document")
                raise ProviderFault(known.reason, known.why, known.said)
            return self._found
