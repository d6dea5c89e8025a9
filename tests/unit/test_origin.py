"""The origin of a browser: from the connection, or from a trusted proxy (PRD §10)."""

from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from ksys_app.origin import LOOPBACK, Arrival, Origin, arrival, networks, parse, refusal, trusts

PLANT = "https://plant.example:8443"
PROXIES = networks("127.0.0.0/8, ::1 10.20.0.0/24")
GOOD = {"host": "plant.example:8443", "x-forwarded-proto": "https"}


def served(headers: dict[str, str], peer: str | None = "127.0.0.1", scheme: str = "http") -> str:
    """The origin that a request counts as."""
    return str(arrival(headers, scheme, peer, PROXIES).served)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://plant.example", "https://plant.example"),
        ("https://plant.example:443", "https://plant.example"),
        ("http://plant.example:80", "http://plant.example"),
        ("http://plant.example:443", "http://plant.example:443"),
        ("HTTPS://Plant.Example:8443", "https://plant.example:8443"),
        ("http://[::1]:13000", "http://[::1]:13000"),
        ("wss://plant.example", "https://plant.example"),
    ],
)
def test_an_origin_is_read_as_browsers_write_it(text: str, shown: str) -> None:
    assert str(parse(text)) == shown
    assert parse(shown) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("null", "", "plant.example", "file://", "ftp://plant.example", "https://", "https:// "),
        *(
            "https://a b",
            "https://a:0",
            "https://a:65536",
            "https://a:x",
            "https://a/",
            "https://a?",
        ),
        *("https://a@b", "https://a,b", "https://[::1", "https://a:443:443", "https://a:٣"),
    ],
)
def test_what_is_no_origin_is_none(text: str) -> None:
    assert parse(text) is None


class TestTheConnectionItself:
    @pytest.mark.parametrize(
        ("host", "shown"),
        [
            ("127.0.0.1:13000", "http://127.0.0.1:13000"),
            ("plant.example", "http://plant.example"),
            ("[::1]:13000", "http://[::1]:13000"),
        ],
    )
    def test_counts_without_any_header(self, host: str, shown: str) -> None:
        for scheme in ("http", "ws"):
            assert served({"host": host}, "192.0.2.7", scheme) == shown

    @pytest.mark.parametrize("headers", [{}, {"host": ""}, {"host": "a b"}, {"host": "a,b"}])
    def test_has_no_origin_without_a_valid_host(self, headers: dict[str, str]) -> None:
        assert arrival(headers, "http", "127.0.0.1", PROXIES).served is None
        assert refusal("http://a", arrival(headers, "http", "127.0.0.1", PROXIES)) is not None


class TestATrustedProxy:
    @pytest.mark.parametrize(
        "headers",
        [
            GOOD,
            GOOD | {"x-forwarded-proto": "wss"},
            GOOD | {"x-forwarded-proto": " HTTPS "},
            GOOD | {"x-forwarded-proto": "http, https"},
            {"host": "app:13000", "x-forwarded-host": "plant.example:8443"}
            | {"x-forwarded-proto": "https"},
            {"host": "app", "x-forwarded-host": "evil.example, plant.example:8443"}
            | {"x-forwarded-proto": "https"},
            {"host": "app", "forwarded": 'for=1.2.3.4;proto=https;host="plant.example:8443"'},
            {
                "host": "app",
                "forwarded": 'host=evil.example, Proto=https;HOST="plant.example:8443"',
            },
            {"host": "plant.example:8443", "forwarded": 'for="[2001:db8::1]:47";proto=https'},
            GOOD
            | {"forwarded": "proto=http;host=evil.example", "x-forwarded-host": "x, "}
            | {"x-forwarded-host": "plant.example:8443"},
        ],
    )
    def test_says_where_the_browser_is(self, headers: dict[str, str]) -> None:
        assert served(headers) == PLANT
        assert refusal(PLANT, arrival(headers, "ws", "127.0.0.1", PROXIES)) is None

    @pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    def test_is_of_this_machine_by_default(self, peer: str) -> None:
        assert trusts(networks(LOOPBACK), peer)

    @pytest.mark.parametrize("peer", ["10.20.0.9", "::ffff:10.20.0.9"])
    def test_may_be_named_by_its_network(self, peer: str) -> None:
        assert served(GOOD, peer) == PLANT


class TestAnybodyElse:
    @pytest.mark.parametrize(
        "peer", ["192.0.2.7", "10.20.1.9", "2001:db8::7", "", "app.sock", None]
    )
    @pytest.mark.parametrize(
        "claim",
        [
            {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example"},
            {"x-forwarded-host": "evil.example"},
            {"forwarded": "proto=https;host=evil.example"},
            {"x-forwarded-proto": "https"},
        ],
    )
    def test_says_nothing(self, peer: str | None, claim: dict[str, str]) -> None:
        headers = {"host": "plant.example:13000"} | claim
        assert served(headers, peer) == "http://plant.example:13000"
        for scheme in ("http", "https"):
            arrived = arrival(headers, "ws", peer, PROXIES)
            assert refusal(f"{scheme}://evil.example", arrived) is not None
        assert refusal("http://plant.example:13000", arrived) is None

    def test_is_everybody_where_nobody_is_trusted(self) -> None:
        assert not trusts(networks("none"), "127.0.0.1")


# The origin of the page, the headers, and the words that the sentence must and must not have.
FOREIGN = [
    (PLANT, {"host": "plant.example"}, ["X-Forwarded-Proto", "$http_host"], ["TRUSTED"]),
    (PLANT, {"host": "plant.example:8443"}, ["X-Forwarded-Proto"], ["port", "TRUSTED"]),
    (PLANT, GOOD | {"host": "plant.example"}, ["$http_host"], ["Proto", "TRUSTED"]),
    ("https://plant.example", {"host": "plant.example"}, ["X-Forwarded-Proto"], ["port"]),
    (PLANT, GOOD | {"host": "127.0.0.1:13000"}, ["browser's Host"], ["Proto"]),
    ("https://evil.example", GOOD, ["browser's Host", "own name"], ["TRUSTED"]),
    ("null", GOOD, ["no origin"], ["TRUSTED"]),
    ("https://plant.example:8443/", GOOD, ["no origin"], []),
]


@pytest.mark.parametrize(("page", "headers", "speaks", "silent"), FOREIGN)
def test_a_refusal_names_both_origins_and_what_to_change(
    page: str, headers: dict[str, str], speaks: list[str], silent: list[str]
) -> None:
    arrived = arrival(headers, "ws", "127.0.0.1", PROXIES)
    why = refusal(page, arrived)
    assert why is not None
    assert str(arrived.served) in why
    assert str(parse(page) or "no origin") in why
    assert [part for part in speaks if part not in why] == []
    assert [part for part in silent if part in why] == []
    assert len(why.splitlines()) == 1


def test_a_proxy_that_says_it_right_and_is_not_trusted_is_distinguished() -> None:
    why = refusal(PLANT, arrival(GOOD, "ws", "172.18.0.3", PROXIES))
    assert why is not None
    assert "KSYS_TRUSTED_PROXIES" in why
    assert "172.18.0.3" not in why, "an address of the inside is for the log alone"


origins = st.builds(
    Origin,
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True),
    st.integers(1, 65535),
)


@given(origins, origins)
@example(Origin("http", "a", 80), Origin("https", "a", 443))
def test_only_the_same_scheme_host_and_port_get_in(page: Origin, app: Origin) -> None:
    for one, other in ((page, app), (page, page)):
        allowed = refusal(str(one), Arrival(other, other, trusted=True)) is None
        assert allowed == (one == other)


@given(st.dictionaries(st.sampled_from(["host", "forwarded", "x-forwarded-proto"]), st.text()))
def test_any_header_gives_an_answer(headers: dict[str, str]) -> None:
    arrival(headers, "http", "127.0.0.1", PROXIES)
    refusal(headers.get("forwarded", ""), arrival(headers, "ws", "192.0.2.1", PROXIES))
