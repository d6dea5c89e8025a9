"""Logs people in at an identity provider: authorization code with PKCE, ID token (PRD §31.9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]
    AsyncOAuth2Client,
)
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from ksys_app.domain.sign_in import LoginSecrets, claim
from ksys_app.models.message import Message
from ksys_app.oidc.wire import (
    REQUEST_S,
    Document,
    ProviderFault,
    bad_answer_fault,
    bounded_request,
    limit_body,
    read_json,
)
from ksys_app.origin import is_loopback, origin

WELL_KNOWN: Final = "/.well-known/openid-configuration"
LEEWAY_S: Final = 60
"""How far the provider's clock may be off, seconds."""
AT_ONCE: Final = 4
"""Most concurrent requests to the provider."""
NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL: Final = ("userinfo_endpoint", "end_session_endpoint")
# Only signatures with a private key of the provider: never "none", and never a shared secret.
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """How the provider knows this app.

    Attributes:
        issuer: address of the provider, exactly as in its tokens.
        client_id: the app's name there.
        client_secret: the app's secret, None for a public client.
        scopes: the scopes of a login, separated by blanks.
    """

    issuer: str
    client_id: str
    client_secret: str | None
    scopes: str


class Provider:
    """An identity provider. Every method raises :class:`ProviderFault` if a request fails.

    Args:
        registration: how the provider knows this app.
        now: seconds since 1970, to judge the times in a token.
        clock: monotonic clock, seconds, for the age of the stored documents.
    """

    def __init__(
        self,
        registration: Registration,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registration, self._now = registration, now
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tls = httpx2.create_ssl_context()
        self._metadata = Document(self._read_metadata, clock)
        self._keys = Document(self._read_keys, clock)

    async def metadata(self) -> Mapping[str, Any]:
        """The provider's checked metadata (OpenID Connect Discovery)."""
        return await self._metadata.get()

    async def keys(self, *, anew: bool = False) -> KeySet:
        """The provider's keys. With ``anew`` they are read again, because one is missing."""
        return await self._keys.get(anew=anew)

    async def begin(self, attempt: LoginSecrets, redirect: str) -> str:
        """The address at the provider to which the browser is sent.

        Args:
            attempt: state, nonce and verifier of this login.
            redirect: the address that the provider sends the browser back to.
        """
        endpoint = (await self.metadata())["authorization_endpoint"]
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                endpoint,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                redirect_uri=redirect,
            )
        return str(address)

    async def end(self, back: str) -> str | None:
        """The address that ends the login at the provider too, None if the provider has none.

        Args:
            back: where the provider sends the browser afterwards.
        """
        endpoint = (await self.metadata()).get("end_session_endpoint")
        if endpoint is None:
            return None
        query = {"client_id": self.registration.client_id, "post_logout_redirect_uri": back}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def claims(
        self, code: str, attempt: LoginSecrets, redirect: str, wanted: tuple[str, ...]
    ) -> Mapping[str, Any]:
        """The verified claims about the person who logged in.

        Args:
            code: the code that the browser brought back.
            attempt: state, nonce and verifier of this login.
            redirect: the address that the browser was sent back to.
            wanted: names of the required claims. If the ID token lacks one, the claims of the
                provider's userinfo endpoint are added.
        """
        metadata = await self.metadata()
        async with self._client(metadata) as client:
            async with bounded_request(self._turns):
                answer = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                    redirect_uri=redirect,
                )
            claims = await self._verified(answer, attempt.nonce)
            endpoint = metadata.get("userinfo_endpoint")
            if endpoint is None or all(claim(claims, name) is not None for name in wanted):
                return claims
            async with bounded_request(self._turns):
                more = await read_json(client, endpoint)
        if more.get("sub") != claims["sub"]:
            raise _untrue("the information is about another person")
        return {**more, **claims}

    async def _verified(self, answer: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of the ID token in the answer of the token endpoint."""
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise bad_answer_fault("the token endpoint sent no ID token")
        registration = self.registration
        options: Any = {
            "iss": {"essential": True, "value": registration.issuer},
            "aud": {"essential": True, "value": registration.client_id},
        }
        params = {"nonce": nonce, "client_id": registration.client_id}
        params["access_token"] = answer.get("access_token") or ""
        try:
            try:
                token = _decoded(id_token, await self.keys())
            except InvalidKeyIdError:
                token = _decoded(id_token, await self.keys(anew=True))
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(now=int(self._now()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise _untrue(f"{type(error).__name__}: {error}") from error
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise _untrue("the ID token names nobody")
        return dict(claims)

    async def _read_metadata(self) -> Mapping[str, Any]:
        issuer = self.registration.issuer
        async with self._client() as client, bounded_request(self._turns):
            address = issuer.rstrip("/") + WELL_KNOWN
            document = await read_json(client, address, withhold_token=True)
        if document.get("issuer") != issuer:
            found = document.get("issuer")
            raise bad_answer_fault(f"{address} is of the issuer {found!r}, not of {issuer!r}")
        for name in (*NEEDED, *OPTIONAL):
            if (name in NEEDED or name in document) and not self._usable(document.get(name)):
                raise bad_answer_fault(f"{name} in {address} is no address with https")
        return document

    async def _read_keys(self) -> KeySet:
        address = (await self.metadata())["jwks_uri"]
        async with self._client() as client, bounded_request(self._turns):
            document = await read_json(client, address, withhold_token=True)
        try:
            return KeySet.import_key_set(document)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            why = f"{address} has no keys ({type(error).__name__}: {error})"
            raise bad_answer_fault(why) from error

    def _usable(self, address: Any) -> bool:
        """Whether secrets may be sent to an address: over TLS, or on this machine as the issuer."""
        if not isinstance(address, str):
            return False
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        served = origin(parts.scheme, parts.netloc)
        plain = self.registration.issuer.startswith("http:")
        return served is not None and (
            parts.scheme == "https"
            or (plain and parts.scheme == "http" and is_loopback(served.host))
        )

    def _client(self, metadata: Mapping[str, Any] | None = None) -> Any:
        registration = self.registration
        return AsyncOAuth2Client(
            registration.client_id,
            registration.client_secret,
            token_endpoint_auth_method=_auth_method(registration, metadata or {}),
            scope=registration.scopes,
            code_challenge_method="S256",
            verify=self._tls,
            timeout=REQUEST_S,
            event_hooks={"response": [limit_body]},
        )


def _auth_method(registration: Registration, metadata: Mapping[str, Any]) -> str:
    """How the app authenticates when it exchanges a code."""
    if not registration.client_secret:
        return "none"
    methods = metadata.get("token_endpoint_auth_methods_supported")
    by_header = not isinstance(methods, list) or "client_secret_basic" in methods
    return "client_secret_basic" if by_header else "client_secret_post"


def _decoded(token: str, keys: KeySet) -> jwt.Token:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    return jwt.decode(token, keys, registry=registry)


def _untrue(why: str) -> ProviderFault:
    return ProviderFault("token", why[:300], Message("errors.sign_in_token"))
