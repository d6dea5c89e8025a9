"""Logins at the identity provider; they end in a session like any other (PRD §31.9)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from ksys_app.domain.sign_in import Roles, begun, name_in, role_in, roles_of
from ksys_app.errors import AuthRequired, Forbidden, KsysError
from ksys_app.models.access import Role
from ksys_app.models.message import Message
from ksys_app.oidc.provider import Provider, Registration
from ksys_app.oidc.wire import ProviderFault
from ksys_app.services.access import Access
from ksys_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """Which claims decide.

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
        asked: which claims decide.
    """

    def __init__(self, access: Access, provider: Provider, asked: Asked) -> None:
        self._access, self._provider, self._asked = access, provider, asked

    async def begin(self, secret: str, redirect: str, address: str) -> str:
        """The address of the provider's login.

        Args:
            secret: the secret that the browser keeps meanwhile.
            redirect: the address that the provider sends the browser back to.
            address: address of the browser.

        Raises:
            ProviderFault: the provider does not answer as it should.
        """
        try:
            return await self._provider.begin(begun(secret), redirect)
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
        """Begin the session of a browser that the provider sent back; the secret of its cookie.

        Args:
            secret: the secret that the browser kept, None if it has none.
            sent: the parameters that the browser brought.
            redirect: the address that it was sent back to.
            address: address of the browser.
            agent: what the browser calls itself.
            old: key of the session that this browser had. It ends.

        Raises:
            ProviderFault: the provider does not answer as it should, or its answer is not valid.
            AuthRequired: the login was begun elsewhere or too long ago.
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
            await self._failed(name, "role", f"claim {self._asked.role}", address)
            raise Forbidden(Message("errors.sign_in_role", {"user": name}))
        session = await self._access.begin(name, "oidc", address, agent, old, role)
        if session is None:
            await self._failed(name, "disabled", "", address)
            raise Forbidden(Message("errors.sign_in_disabled", {"user": name}))
        return session

    async def end(self, back: str) -> str | None:
        """The address that ends the login at the provider, None if there is none to be had."""
        try:
            return await self._provider.end(back)
        except KsysError:
            return None

    async def _proven(
        self, secret: str | None, sent: Mapping[str, str], redirect: str
    ) -> tuple[str, Role | None]:
        """Name and role of the person, as the provider says."""
        asked, own = self._asked, begun(secret or "")
        if secret is None or not _same(sent.get("state", ""), own.state):
            raise AuthRequired(Message("errors.sign_in_state"))
        await self._from_it(sent)
        if "error" in sent or not sent.get("code"):
            why = sent.get("error", "no code")[:100]
            raise ProviderFault("refused", why, Message("errors.sign_in_refused"))
        wanted = (asked.name, asked.role)
        claims = await self._provider.claims(sent["code"], own, redirect, wanted)
        name = name_in(claims, asked.name)
        if name is None:
            why = f"claim {asked.name} has no name that a user can have"
            raise ProviderFault("token", why, Message("errors.sign_in_token"))
        return name, role_in(claims, asked.role, asked.roles)

    async def _from_it(self, sent: Mapping[str, str]) -> None:
        """Check that the answer is of this provider, where it says of whom it is (RFC 9207)."""
        says = (await self._provider.metadata()).get(
            "authorization_response_iss_parameter_supported"
        )
        issuer = sent.get("iss")
        if issuer != self._provider.registration.issuer and (issuer is not None or says is True):
            why = f"the answer is of {issuer or 'nobody'}"[:300]
            raise ProviderFault("token", why, Message("errors.sign_in_token"))

    async def _failed(self, user: str, reason: str, why: str, address: str) -> None:
        detail = {"reason": reason} | ({"why": why} if why else {})
        await self._access.failed("oidc", user, detail, address)


def of_settings(settings: Settings, access: Access) -> SignIn:
    """The logins that the settings of ``oidc`` describe."""
    secret = settings.oidc_client_secret
    registration = Registration(
        settings.oidc_issuer or "",
        settings.oidc_client_id or "",
        None if secret is None else secret.get_secret_value(),
        settings.oidc_scopes,
    )
    asked = Asked(
        settings.oidc_user_claim, settings.oidc_role_claim, roles_of(settings.oidc_roles or "")
    )
    return SignIn(access, Provider(registration), asked)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
