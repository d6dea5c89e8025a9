"""Checks that people can log in at the identity provider of the settings."""

from __future__ import annotations

from typing import Final

from ksys_app.oidc.provider import Provider, Registration
from ksys_app.oidc.wire import ProviderFault
from ksys_app.security import Finding
from ksys_app.settings import Settings

NAME: Final = "identity provider"


async def look(settings: Settings) -> Finding:
    """Read the metadata and the keys of the provider, and report the finding."""
    issuer = settings.oidc_issuer or ""
    provider = Provider(Registration(issuer, settings.oidc_client_id or "", None, ""))
    try:
        metadata = await provider.metadata()
        keys = len(list(await provider.keys()))
    except ProviderFault as fault:
        return Finding(NAME, False, f"KSYS_OIDC_ISSUER={issuer}: {fault.why}")
    methods = metadata.get("code_challenge_methods_supported") or []
    if isinstance(methods, list) and methods and "S256" not in methods:
        return Finding(NAME, False, f"{issuer} does not support PKCE with S256")
    end = "ends" if "end_session_endpoint" in metadata else "does not end"
    count = "1 key" if keys == 1 else f"{keys} keys"
    return Finding(NAME, True, f"{issuer} has {count}; a logout {end} the login there too")
