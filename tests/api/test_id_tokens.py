"""ID tokens and answers that no honest provider gives, and what the app keeps of a provider."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from ksys_app.domain.sign_in import login_secrets
from ksys_app.oidc import wire
from ksys_app.oidc.provider import Provider, Registration
from ksys_app.oidc.wire import MOST_BYTES, PAUSE_S, Document, ProviderFault, away_fault

OWN = login_secrets("s" * 43)
BACK = "http://127.0.0.1:5000/login/callback"
WANTED = ("preferred_username", "groups")
Change = Callable[[dict[str, Any]], None]


def new_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@pytest.fixture(scope="module")
def key() -> RSAKey:
    """The key of the provider, made once."""
    return new_key("one")


class Liar:
    """A server that says what a test wants, as a provider would."""

    def __init__(self, key: RSAKey) -> None:
        self.key = key
        self.server: asyncio.Server | None = None
        self.asked: list[str] = []
        self.answers: dict[str, bytes | None] = {}

    @property
    def issuer(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def honest(self, client: str = "ksys") -> dict[str, Any]:
        """The claims of a token that counts."""
        now = int(time.time())
        return {
            **{"iss": self.issuer, "aud": client, "sub": "1", "nonce": OWN.nonce},
            **{"iat": now, "exp": now + 60, "preferred_username": "ann", "groups": ["a"]},
        }

    def say(self, path: str, what: Any) -> None:
        """Answer ``path`` with JSON."""
        self.answers[path] = json.dumps(what).encode()

    def say_token(self, claims: dict[str, Any], key: Any = None, alg: str = "RS256") -> None:
        """Answer the exchange of a code with an ID token."""
        registry = JWSRegistry(algorithms=[alg])
        signed = jwt.encode({"alg": alg, "kid": "one"}, claims, key or self.key, registry=registry)
        self.say("/token", {"access_token": "t", "token_type": "Bearer", "id_token": signed})

    def say_keys(self, *keys: RSAKey) -> None:
        """Answer with these keys."""
        self.say("/keys", KeySet(list(keys)).as_dict())

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        await reader.readexactly(int(length[1]) if length else 0)
        path = head.split()[1].decode()
        self.asked.append(path)
        body = self.answers.get(path)
        if body is not None:
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + body)
            writer.close()


@pytest.fixture
async def liar(key: RSAKey) -> AsyncIterator[Liar]:
    made = Liar(key)
    made.server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.say(
        "/.well-known/openid-configuration",
        {
            "issuer": made.issuer,
            "authorization_endpoint": f"{made.issuer}/auth",
            "token_endpoint": f"{made.issuer}/token",
            "jwks_uri": f"{made.issuer}/keys",
            "userinfo_endpoint": f"{made.issuer}/me",
        },
    )
    made.say_keys(made.key)
    yield made
    made.server.close()


def provider(liar: Liar, **more: Any) -> Provider:
    return Provider(Registration(liar.issuer, "ksys", None, "openid"), **more)


async def reason(work: Any) -> str:
    """Why the provider's answer does not count."""
    with pytest.raises(ProviderFault) as caught:
        await work
    return f"{caught.value.reason}: {caught.value.why}"


async def test_a_token_that_counts(liar: Liar) -> None:
    liar.say_token(liar.honest())
    claims = await provider(liar).claims("code", OWN, BACK, WANTED)
    assert (claims["preferred_username"], claims["groups"]) == ("ann", ["a"])
    assert "/me" not in liar.asked


CHANGES: dict[str, Change] = {
    "iss of another": lambda it: it.update(iss="http://127.0.0.1:1"),
    "no iss": lambda it: it.pop("iss"),
    "aud for another app": lambda it: it.update(aud="another"),
    "aud for several, without azp": lambda it: it.update(aud=["ksys", "another"]),
    "azp of another": lambda it: it.update(aud=["ksys", "another"], azp="another"),
    "exp before the last minute": lambda it: it.update(exp=int(time.time()) - 61),
    "no exp": lambda it: it.pop("exp"),
    "exp as a text": lambda it: it.update(exp="tomorrow"),
    "iat after the next minute": lambda it: it.update(iat=int(time.time()) + 90),
    "nbf after the next minute": lambda it: it.update(nbf=int(time.time()) + 90),
    "nonce of another login": lambda it: it.update(nonce="0" * 64),
    "no nonce": lambda it: it.pop("nonce"),
    "at_hash of another": lambda it: it.update(at_hash="AAAA"),
    "no sub": lambda it: it.pop("sub"),
    "sub that is no text": lambda it: it.update(sub=1),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_token_that_must_not_count(liar: Liar, change: str) -> None:
    claims = liar.honest()
    CHANGES[change](claims)
    liar.say_token(claims)
    why = await reason(provider(liar).claims("code", OWN, BACK, WANTED))
    assert why.startswith("token: "), why


async def test_a_token_is_good_for_a_minute_more(liar: Liar) -> None:
    liar.say_token(liar.honest() | {"exp": int(time.time()) - 5})
    assert await provider(liar).claims("code", OWN, BACK, WANTED)
    late = provider(liar, now=lambda: time.time() + 60)
    assert (await reason(late.claims("code", OWN, BACK, WANTED))).startswith("token: ")


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("alg", ["HS256", "none"])
async def test_a_token_that_anybody_could_sign(liar: Liar, alg: str) -> None:
    key = OctKey.import_key(json.dumps(liar.key.as_dict(private=False)))
    liar.say_token(liar.honest(), key, alg)
    assert (await reason(provider(liar).claims("code", OWN, BACK, WANTED))).startswith("token: ")


async def test_keys_are_read_again_when_one_is_missing(liar: Liar) -> None:
    clock = [0.0]
    asking = provider(liar, clock=lambda: clock[0])
    liar.say_token(liar.honest())
    assert await asking.claims("code", OWN, BACK, WANTED)
    newer = new_key("two")
    liar.say_keys(newer)
    signed = jwt.encode({"alg": "RS256", "kid": "two"}, liar.honest(), newer)
    liar.say("/token", {"access_token": "t", "id_token": signed})
    # At most once in PAUSE_S, so that nobody makes the app ask for keys.
    assert (await reason(asking.claims("code", OWN, BACK, WANTED))).startswith("token: ")
    assert liar.asked.count("/keys") == 1
    clock[0] += PAUSE_S
    assert await asking.claims("code", OWN, BACK, WANTED)
    assert liar.asked.count("/keys") == 2
    assert liar.asked.count("/.well-known/openid-configuration") == 1


async def test_a_key_with_the_name_of_another(liar: Liar) -> None:
    other = new_key("one")
    liar.say_token(liar.honest(), other)
    assert (await reason(provider(liar).claims("code", OWN, BACK, WANTED))).startswith("token: ")


async def test_missing_claims_are_read_for_the_same_person(liar: Liar) -> None:
    liar.say_token({name: one for name, one in liar.honest().items() if name != "groups"})
    liar.say("/me", {"sub": "1", "groups": ["b"], "preferred_username": "eve"})
    claims = await provider(liar).claims("code", OWN, BACK, WANTED)
    assert (claims["preferred_username"], claims["groups"]) == ("ann", ["b"])
    liar.say("/me", {"sub": "2", "groups": ["b"]})
    why = await reason(provider(liar).claims("code", OWN, BACK, WANTED))
    assert why == "token: the information is about another person"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>sorry</html>", b"[]", b'"text"', b"\xff", b"[" * 100_000, b" " * MOST_BYTES * 2],
    ids=["nothing", "a page", "a list", "a text", "no text", "too deep", "too long"],
)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/me"])
async def test_garbage_is_no_answer(liar: Liar, path: str, body: bytes) -> None:
    liar.say_token({name: one for name, one in liar.honest().items() if name != "groups"})
    liar.say("/me", {"sub": "1"})
    liar.answers[path] = body
    why = await reason(provider(liar).claims("code", OWN, BACK, WANTED))
    assert why.startswith("answer: "), why


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_endpoint", "http://plant.example/token"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("end_session_endpoint", "//plant.example"),
        ("userinfo_endpoint", "http://[::1"),
        ("jwks_uri", 5),
        ("issuer", "https://plant.example"),
    ],
)
async def test_an_address_that_keeps_no_secret(liar: Liar, name: str, value: Any) -> None:
    said = json.loads(liar.answers["/.well-known/openid-configuration"] or b"")
    liar.say("/.well-known/openid-configuration", said | {name: value})
    assert (await reason(provider(liar).begin(OWN, BACK))).startswith("answer: ")


async def test_a_provider_that_does_not_answer(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough that the one request arrives, also on a busy machine.
    monkeypatch.setattr(wire, "REQUEST_S", 2.0)
    liar.answers["/.well-known/openid-configuration"] = None
    asking = provider(liar)
    found = await asyncio.gather(*(reason(asking.begin(OWN, BACK)) for _ in range(20)))
    assert {one.split(":")[0] for one in found} == {"away"}
    assert len(liar.asked) == 1


async def test_after_a_failure_nothing_is_read_for_some_seconds() -> None:
    clock, reads = [0.0], [0]

    async def read() -> str:
        reads[0] += 1
        if reads[0] == 1:
            raise away_fault(OSError("refused"))
        return "found"

    document = Document(read, lambda: clock[0])
    for _ in range(2):
        assert await reason(document.get()) == "away: OSError: refused"
    clock[0] += PAUSE_S
    assert await document.get() == "found"
    clock[0] += wire.DOCUMENT_S - 1
    assert await document.get() == "found"
    assert reads == [2]
    clock[0] += 1
    await document.get()
    assert reads == [3]
