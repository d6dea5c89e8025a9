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
DOCUMENT_S: Final = 3600.0
"""A document of the provider is read again after this time, seconds."""
PAUSE_S: Final = 5.0
"""After a failure the provider gets no new request for this time, seconds."""


class ProviderFault(AuthRequired):
    """The login at the identity provider failed.

    Args:
        reason: one word for the audit: ``away``, ``answer``, ``refused`` or ``token``.
        why: what happened, for the audit and the log.
        sentence: the message for the person.
    """

    def __init__(self, reason: str, why: str, sentence: Message) -> None:
        super().__init__(sentence)
        self.reason, self.why = reason, why


def away_fault(error: BaseException) -> ProviderFault:
    """The fault of a provider that does not answer."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return ProviderFault("away", what[:300], Message("errors.sign_in_away"))


def bad_answer_fault(why: str) -> ProviderFault:
    """The fault of a provider whose answer does not follow the protocol."""
    return ProviderFault("answer", why[:300], Message("errors.sign_in_away"))


@asynccontextmanager
async def bounded_request(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    """A block with a request to the provider; every error in it becomes a :class:`ProviderFault`.

    Args:
        turns: limits the number of concurrent requests.
    """
    try:
        async with asyncio.timeout(REQUEST_S), turns:
            yield
    except AuthlibBaseError as error:
        why = f"{error.error}: {error.description}"
        raise ProviderFault("refused", why[:300], Message("errors.sign_in_refused")) from error
    except (TimeoutError, httpx2.TransportError, OSError) as error:
        raise away_fault(error) from error
    # ValueError: the text is not JSON. RecursionError: it is nested too deeply.
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
        raise bad_answer_fault(f"{type(error).__name__}: {error}") from error


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


async def limit_body(response: httpx2.Response) -> None:
    """Stop reading a response that is too long; for the hook ``response``."""
    response.stream = _Short(response.stream)


async def read_json(client: Any, url: str, **options: Any) -> Mapping[str, Any]:
    """The JSON object at an address."""
    response = await client.request("GET", url, **options)
    if response.status_code != 200:
        raise ValueError(f"{url} answers {response.status_code}")
    content = response.json()
    if not isinstance(content, dict):
        raise ValueError(f"{url} has no JSON object")
    return content


class Document(Generic[T]):
    """A document of the provider, read once for all callers.

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
        self._content: T | None = None
        self._fault: ProviderFault | None = None

    async def get(self, *, anew: bool = False) -> T:
        """The document, at most ``DOCUMENT_S`` seconds old.

        Args:
            anew: whether the stored document lacks something. Then the result is at most
                ``PAUSE_S`` seconds old.

        Raises:
            ProviderFault: the document cannot be read, or could not be read in the last ``PAUSE_S``
                seconds.
        """
        async with self._turn:
            if self._clock() - self._at >= (PAUSE_S if anew or self._fault else DOCUMENT_S):
                try:
                    self._content, self._fault = await self._read(), None
                except ProviderFault as error:
                    self._content, self._fault = None, error
                self._at = self._clock()
            if self._content is None:
                fault = self._fault or bad_answer_fault("no document")
                raise ProviderFault(fault.reason, fault.why, fault.sentence)
            return self._content
