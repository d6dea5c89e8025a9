"""Rules of a login at an identity provider: its secrets, the name and the role (PRD §31.9)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ksys_app.domain.access import ROLES, clean_name, name_problem
from ksys_app.models.access import Role

EXAMPLE_ROLES: Final = "admin=plant-admins;operator=shift-a;operator=shift-b"

Roles = tuple[tuple[str, Role], ...]
"""Values of a claim, each with the role that it gives."""


@dataclass(frozen=True, slots=True)
class LoginSecrets:
    """The secrets of one login at the identity provider.

    Attributes:
        state: the callback returns it with the code; another value belongs to another login.
        nonce: the ID token has it; another value belongs to another login.
        verifier: required to exchange the code (PKCE, RFC 7636).
    """

    state: str
    nonce: str
    verifier: str


def login_secrets(secret: str) -> LoginSecrets:
    """The secrets of the login of this cookie; none of them can be computed from another.

    Args:
        secret: the secret in the browser's cookie.
    """

    def derived(purpose: str) -> str:
        return hashlib.sha256(f"{purpose}\n{secret}".encode()).hexdigest()

    return LoginSecrets(derived("state"), derived("nonce"), derived("verifier"))


def roles_of(text: str) -> Roles:
    """The pairs of a text like ``admin=plant-admins;operator=shift-a``.

    Raises:
        ValueError: a part is no pair, or does not begin with a role.
    """
    found: list[tuple[str, Role]] = []
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        role, _, value = (part.strip() for part in pair.partition("="))
        if role not in ROLES or not value:
            raise ValueError(
                f"has {pair!r}, which is not a role and a value of the claim, e.g. {EXAMPLE_ROLES}"
            )
        found.append((value, role))
    if not found:
        raise ValueError(f"names no role, e.g. {EXAMPLE_ROLES}")
    return tuple(found)


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim with this name, else the one at this path (``realm_access.roles``), else None."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def role_in(claims: Mapping[str, Any], name: str, roles: Roles) -> Role | None:
    """The highest role that the values of a claim give, None if they give none.

    Args:
        claims: the claims of the provider about the person.
        name: the claim: a text, or a list of texts.
        roles: the role of each value.
    """
    found = claim(claims, name)
    values = found if isinstance(found, list) else [found]
    granted = [role for value, role in roles if value in values]
    return max(granted, key=ROLES.index, default=None)


def name_in(claims: Mapping[str, Any], name: str) -> str | None:
    """The name of the person in a claim, None without a name that a user can have.

    An email address that the provider has not verified is not used, because anybody can enter it.
    """
    found = claim(claims, name)
    if name == "email" and claims.get("email_verified") is False:
        return None
    if not isinstance(found, str) or name_problem(clean_name(found)) is not None:
        return None
    return clean_name(found)
