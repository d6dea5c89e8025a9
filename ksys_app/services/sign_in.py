"""Logins at the identity provider; each begins an ordinary session (PRD §31.9)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from ksys_app.domain.sign_in import Roles, login_secrets, name_in, role_in, roles_of
from ksys_app.errors import AuthRequired, Forbidden, KsysError
from ksys_app.models.access import Role
from ksys_app.models.message import Message
from ksys_app.oidc.provider import Provider, Registration
from ksys_app.oidc.wire import ProviderFault
from ksys_app.services.access import Access
from ksys_app.settings import Settings


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Which claims of the provider give the name and the role of a person.

    Attributes:
        name: the claim with the name of the person.
        role: the claim that gives the role.
        roles: the role of each of its values.
    """

    name: str
    role: str
    roles: Roles


class SignIn:
    """Logins at one provider.

    Args:
        access: sessions.
        provider: the identity provider.
        claims: which claims give name and role.
    """

    def __init__(self, access: Access, provider: Provider, claims: ClaimNames) -> None:
        self._access, self._provider, self._claims = access, provider, claims

    async def begin(self, secret: str, redirect: str, address: str) -> str:
        """The address of the provider's login.

        Args:
            secret: the secret of this login, which the browser stores in a cookie.
            redirect: the address that the provider sends the browser back to.
            address: address of the browser.

        Raises:
            ProviderFault: the provider does not answer as it should.
        """
        try:
            return await self._provider.begin(login_secrets(secret), redirect)
        except ProviderFault as fault:
            await self._failed("", fault.reason, fault.why, address)
            raise

    async def finish(
        self,
        secret: str | None,
        sent: Mapping[str, str],
        redirect: str,
        address: str,
        agent: str,
        old: bytes | None,
    ) -> str:
        """Begin the session of a browser that the provider sent back.

        Args:
            secret: the secret in the cookie of the login, None if the browser has none.
            sent: the query parameters of the request.
            redirect: the address that it was sent back to.
            address: address of the browser.
            agent: what the browser calls itself.
            old: key of the session that this browser had. It ends.

        Returns:
            The secret of the cookie of the session.

        Raises:
            ProviderFault: the provider does not answer as it should, or its answer is not valid.
            AuthRequired: another browser began the login, or it began too long ago.
            Forbidden: the person has no role, or may not log in.
            KsysError: the database does not answer.
        """
        try:
            name, role = await self._proven(secret, sent, redirect)
        except ProviderFault as fault:
            await self._failed("", fault.reason, fault.why, address)
            raise
        except AuthRequired:
            await self._failed("", "state", "", address)
            raise
        if role is None:
            await self._failed(name, "role", f"claim {self._claims.role}", address)
            raise Forbidden(Message("errors.sign_in_role", {"user": name}))
        session = await self._access.begin(name, "oidc", address, agent, old, role)
        if session is None:
            await self._failed(name, "disabled", "", address)
            raise Forbidden(Message("errors.sign_in_disabled", {"user": name}))
        return session

    async def end(self, back: str) -> str | None:
        """The address that ends the login at the provider, None if the provider gives none."""
        try:
            return await self._provider.end(back)
        except KsysError:
            return None

    async def _proven(
        self, secret: str | None, sent: Mapping[str, str], redirect: str
    ) -> tuple[str, Role | None]:
        """The name and the role that the provider gives the person."""
        names, own = self._claims, login_secrets(secret or "")
        if secret is None or not _same(sent.get("state", ""), own.state):
            raise AuthRequired(Message("errors.sign_in_state"))
        await self._require_issuer(sent)
        if "error" in sent or not sent.get("code"):
            why = sent.get("error", "no code")[:100]
            raise ProviderFault("refused", why, Message("errors.sign_in_refused"))
        wanted = (names.name, names.role)
        claims = await self._provider.claims(sent["code"], own, redirect, wanted)
        name = name_in(claims, names.name)
        if name is None:
            why = f"claim {names.name} has no name that a user can have"
            raise ProviderFault("token", why, Message("errors.sign_in_token"))
        return name, role_in(claims, names.role, names.roles)

    async def _require_issuer(self, sent: Mapping[str, str]) -> None:
        """Check that the response is from this provider, if it names its issuer (RFC 9207)."""
        names_itself = (await self._provider.metadata()).get(
            "authorization_response_iss_parameter_supported"
        )
        issuer = sent.get("iss")
        if issuer != self._provider.registration.issuer and (
            issuer is not None or names_itself is True
        ):
            why = f"the answer is of {issuer or 'nobody'}"[:300]
            raise ProviderFault("token", why, Message("errors.sign_in_token"))

    async def _failed(self, user: str, reason: str, why: str, address: str) -> None:
        detail = {"reason": reason} | ({"why": why} if why else {})
        await self._access.record_failed_login("oidc", user, detail, address)


def of_settings(settings: Settings, access: Access) -> SignIn:
    """The logins that the settings of ``oidc`` describe."""
    secret = settings.oidc_client_secret
    registration = Registration(
        settings.oidc_issuer or "",
        settings.oidc_client_id or "",
        None if secret is None else secret.get_secret_value(),
        settings.oidc_scopes,
    )
    claims = ClaimNames(
        settings.oidc_user_claim, settings.oidc_role_claim, roles_of(settings.oidc_roles or "")
    )
    return SignIn(access, Provider(registration), claims)


def _same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())
