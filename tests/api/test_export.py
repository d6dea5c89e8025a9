"""``/api/v1/export.csv`` (PRD §8.6) over a real server and a real database."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import uvicorn

from ksys_app.api import schemas
from ksys_app.domain.windows import parse_window
from ksys_app.queries import metrics
from ksys_app.services import runtime
from ksys_app.services.export import SLICE_ROWS
from tests import plant
from tests.conftest import Plant
from tests.database import TestDatabases
from tests.ports import free_port
from tests.visiting import at_machine, contract_api
from tests.waiting import until

MINUTES = 60_000
LONG = "/api/v1/export.csv?tag=long&window=12m&bucket=1m"
PLAIN = {"Accept-Encoding": "identity"}
Table = list[dict[str, str]]


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    """Six weeks of minutes, two hours of two other tags, a tag that never reported."""
    await plant_db.conn.execute(
        "INSERT INTO influx_hist (ts, tag_name, value)"
        " SELECT now() - i * interval '1 minute', 'long', i + 0.25"
        " FROM generate_series(1, %s) AS i",
        [MINUTES],
    )
    now = await plant.clock(plant_db.conn)
    for tag in ("A", "B"):
        rows = [(now - timedelta(seconds=30 * i), tag, i / 3) for i in range(240)]
        await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('D302')")


@pytest.fixture(autouse=True)
def endings(caplog: pytest.LogCaptureFixture) -> None:
    """How each file ended is in the log."""
    caplog.set_level(logging.INFO, "ksys")


@pytest.fixture(scope="module")
async def server(plant_db: Plant) -> AsyncIterator[str]:
    """The HTTP contract behind the server that the product runs on; its address."""
    port = free_port()
    config = uvicorn.Config(
        at_machine(contract_api()), port=port, log_level="warning", lifespan="off"
    )
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())

    async def started() -> bool:
        return running.started

    await until(started)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    await task


@pytest.fixture
async def client(server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server, timeout=60) as opened:
        yield opened


async def table(client: httpx.AsyncClient, **params: Any) -> Table:
    answer = await client.get("/api/v1/export.csv", params=params)
    assert answer.status_code == 200, answer.text
    return parsed(answer.content)


def parsed(content: bytes) -> Table:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def test_a_file_holds_what_chart_and_table_show(
    client: httpx.AsyncClient, nothing_expires: None
) -> None:
    shown = (await client.get("/api/v1/timeseries?tag=A&window=60m")).json()["rows"]
    rows = await table(client, tag="A", window="60m")
    assert len(rows) == len(shown) > 30
    for row, wanted in zip(rows, shown, strict=True):
        assert list(row) == ["tag_name", *schemas.Bucket.model_fields]
        assert row.pop("tag_name") == wanted.pop("tag_name") == "A"
        assert row.pop("bucket") == wanted.pop("bucket")
        assert {name: float(value) for name, value in row.items()} == wanted
    statements = runtime.current().database.counters.statements
    await table(client, tag="A", window="60m")
    count = runtime.current().database.counters.statements - statements
    assert count == 0, "the rows and the file are from the cache"


@pytest.mark.parametrize(
    "params",
    [
        {"tag": "A", "window": "60m"},
        {"tag": ["A", "B"], "window": "60m"},
        {"tag": "long", "window": "24h", "bucket": "1m"},
    ],
)
async def test_a_file_is_compressed_for_a_client_that_accepts_gzip(
    client: httpx.AsyncClient, nothing_expires: None, params: dict[str, Any]
) -> None:
    accepted = ("gzip", "identity")
    packed, plain = [
        await client.get("/api/v1/export.csv", params=params, headers={"Accept-Encoding": one})
        for one in accepted
    ]
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    # The first rows may have left the window between the two requests.
    first, second = parsed(packed.content), parsed(plain.content)
    assert len(first) >= len(second) > max(30, len(first) - 5)
    assert second == first[-len(second) :]


@pytest.mark.parametrize(
    ("params", "shape"),
    [
        ({"kind": "indicators"}, schemas.Indicator),
        ({"kind": "indicators", "band": "bollinger"}, schemas.Indicator),
        ({"kind": "features"}, schemas.Feature),
    ],
)
async def test_indicators_and_features_have_files_too(
    client: httpx.AsyncClient, nothing_expires: None, params: dict[str, str], shape: Any
) -> None:
    given = {name: value for name, value in params.items() if name != "kind"}
    path = f"/api/v1/{params['kind']}"
    shown = (await client.get(path, params={"tag": "A", "window": "60m", **given})).json()["rows"]
    rows = await table(client, tag="A", window="60m", **params)
    assert list(rows[0]) == ["tag_name", *shape.model_fields]
    for row, wanted in zip(rows, shown, strict=True):
        assert row.pop("tag_name") == wanted.pop("tag_name")
        del row["bucket"], wanted["bucket"]
        figures = {name: float(value) if value else None for name, value in row.items()}
        assert figures == wanted


async def test_buckets_may_be_wider_than_the_windows_own(client: httpx.AsyncClient) -> None:
    hours = await table(client, tag="long", window="24h", bucket="1h")
    month = (await client.get("/api/v1/timeseries?tag=long&window=30d")).json()["rows"]
    shown = {row["bucket"]: row["n"] for row in month}
    assert 23 <= len(hours) <= 25
    assert {row["bucket"]: int(row["n"]) for row in hours}.items() <= shown.items()
    days = await table(client, tag="long", window="1m", bucket="1d")
    assert len(days) <= 1, "no day began in the last minute, but at midnight"


@pytest.mark.parametrize(
    "params",
    [
        {"tag": "A", "window": "60m"},
        {"tag": "A", "window": "60m", "kind": "indicators"},
        {"tag": "A", "window": "60m", "kind": "features"},
        # Read stretch by stretch, the part over the edge of one.
        {"tag": "long", "window": "30d", "bucket": "1m"},
        {"tag": "long", "window": "12m", "kind": "features"},
    ],
)
async def test_a_part_of_a_window_has_only_its_rows(
    client: httpx.AsyncClient, params: dict[str, str]
) -> None:
    rows = await table(client, **params)
    last = min(len(rows) - 1, 5000)
    start, end = rows[5]["bucket"], rows[last]["bucket"]
    assert await table(client, **params, **{"from": start, "to": end}) == rows[5:last]
    # The first rows may have left the window since.
    older = await table(client, **params, to=start)
    assert 0 < len(older) <= 5
    assert older == rows[5 - len(older) : 5]
    newer = await table(client, **params, **{"from": end})
    assert [row["bucket"] for row in newer][: len(rows) - last] == [
        row["bucket"] for row in rows[last:]
    ]
    part = {"from": "2025-08-26T13:26:20Z", "to": "2025-08-26T13:27:20Z"}
    answer = await client.get("/api/v1/export.csv", params=params | part)
    assert parsed(answer.content) == [], "of before the window"
    disposition = unquote(answer.headers["Content-Disposition"])
    assert "from 2025-08-26 22.26.20 to 2025-08-26 22.27.20.csv" in disposition


@pytest.mark.parametrize(
    "params", [{}, {"kind": "indicators"}, {"kind": "features"}, {"bucket": "1m"}]
)
async def test_a_file_may_have_any_range(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    """A range without a window."""
    complete = await table(client, tag="long", window="48h", **{"bucket": "1m"} | params)
    start, end = complete[len(complete) // 3]["bucket"], complete[len(complete) // 2]["bucket"]
    answer = await client.get(
        "/api/v1/export.csv", params={"tag": "long", "from": start, "to": end, **params}
    )
    rows = parsed(answer.content)
    assert (rows[0]["bucket"], len(rows) > 5) == (start, True)
    assert all(start <= row["bucket"] < end for row in rows)
    if params.get("kind") != "indicators":
        wanted = [row for row in complete if start <= row["bucket"] < end]
        assert rows == wanted
    disposition = unquote(answer.headers["Content-Disposition"])
    assert f"from {start[:10]} {start[11:19].replace(':', '.')} to {end[:10]}" in disposition


@pytest.mark.parametrize("kind", ["features", "indicators"])
async def test_features_and_indicators_ignore_the_bucket_width(
    client: httpx.AsyncClient, nothing_expires: None, kind: str
) -> None:
    answer = await client.get(f"/api/v1/export.csv?tag=A&window=60m&kind={kind}&bucket=1d")
    assert f"60m {kind}.csv" in unquote(answer.headers["Content-Disposition"])
    assert len(parsed(answer.content)) == len(await table(client, tag="A", window="60m", kind=kind))


async def test_the_content_of_a_file_is_created_once(
    client: httpx.AsyncClient, nothing_expires: None
) -> None:
    wanted = {"tag": ["A", "B"], "window": "12h"}
    first = await table(client, **wanted)
    answers = [await metrics.buckets(tag, parse_window("12h")) for tag in "AB"]
    stored = [answer.results.get("csv") for answer in answers]
    assert [len(parsed(body.plain)) for body in stored] == [answer.rowcount for answer in answers]
    assert await table(client, **wanted) == first
    assert [answer.results.get("csv") for answer in answers] == stored


async def test_several_tags_follow_each_other(client: httpx.AsyncClient) -> None:
    rows = await table(client, tag=["B", "A", "B", "D302"], window="60m")
    tags = [row["tag_name"] for row in rows]
    assert tags == sorted(tags, reverse=True)
    assert set(tags) == {"A", "B"}


async def test_the_file_of_a_tag_without_data_has_only_its_header(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/api/v1/export.csv?tag=D302&window=24h")
    assert answer.content == b"\xef\xbb\xbftag_name,bucket,n,avg,sum,min,max,last,first,diff\r\n"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_year_of_minutes_is_every_minute_once(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    sizes = []
    content = b""
    async with client.stream("GET", LONG, headers=PLAIN) as answer:
        assert "12m 1m.csv" in answer.headers["Content-Disposition"]
        async for chunk in answer.aiter_raw():
            sizes.append(len(chunk))
            content += chunk
    rows = parsed(content)
    assert max(sizes) < len(content) / 4, "it comes in parts"
    assert [float(row["avg"]) for row in rows] == [i + 0.25 for i in range(MINUTES, 0, -1)]
    assert len({row["bucket"] for row in rows}) == MINUTES
    line = next(line for line in caplog.messages if line.startswith("export_ok"))
    assert f"range=12m tag=long view=buckets rowcount={MINUTES}" in line


async def test_a_file_has_all_features_of_a_long_window(client: httpx.AsyncClient) -> None:
    rows = await table(client, tag="long", window="12m", kind="features")
    assert MINUTES / 5 <= len(rows) <= MINUTES / 5 + 1
    assert sum(int(row["n_5m"]) for row in rows) == MINUTES


async def test_a_closed_download_ends_the_reading(
    server: str, plant_db: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    counters = runtime.current().database.counters
    before = counters.statements
    await _hang_up(server)

    async def logged() -> bool:
        return any(line.startswith("export_broken") for line in caplog.messages)

    await until(logged)
    line = next(line for line in caplog.messages if line.startswith("export_broken"))
    assert line.endswith("why=closed")
    sent = int(line.partition("rowcount=")[2].split()[0])
    assert sent < MINUTES
    assert counters.statements - before < parse_window("12m").duration / timedelta(minutes=1) / (
        SLICE_ROWS
    ), "not every slice was read"
    assert runtime.current().database.pool_stats()["waiting"] == 0
    assert (await metrics.buckets("A", parse_window("12h"))).rows, "and the database is free"


async def _hang_up(server: str) -> None:
    """Ask for the long file over a line that takes little, read its beginning, go away."""
    host, port = server.removeprefix("http://").split(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, (host, int(port)))
    await loop.sock_sendall(line, f"GET {LONG} HTTP/1.1\r\nHost: ksys\r\n\r\n".encode())
    assert b"200 OK" in await loop.sock_recv(line, 1024)
    line.close()


async def test_a_file_that_occupies_the_database_too_long_is_broken_off(
    client: httpx.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A clock on which every statement takes 20 of the 30 seconds.
    seconds = count(0, 20)
    monkeypatch.setattr(
        "ksys_app.services.export.time", SimpleNamespace(monotonic=seconds.__next__)
    )
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(LONG)
    line = next(line for line in caplog.messages if line.startswith("export_broken"))
    assert line.endswith("why=DB_TIMEOUT")


@pytest.mark.parametrize("name", ["50 %", "it's", "a/b", "유량 계", "가" * 200, "a&b=c", "=1+1"])
async def test_any_printable_tag_name_works(
    client: httpx.AsyncClient, plant_db: Plant, name: str
) -> None:
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), name, 1.5)])
    answer = await client.get("/api/v1/export.csv", params={"tag": name, "window": "12m"})
    (row,) = parsed(answer.content)
    assert row["tag_name"].removeprefix("'") == name
    disposition = unquote(answer.headers["Content-Disposition"].partition("UTF-8''")[2])
    assert disposition == f"{name[:50].replace('/', '_')} 12m.csv"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 400, "parameter 'tag' is needed"),
        ("?tag=A&window=3x", 400, "1m 5m 10m 60m"),
        ("?tag=A&kind=raw", 400, "'buckets', 'indicators' or 'features'"),
        ("?tag=A&window=12m&bucket=2m", 400, "'1m', '10m', '1h' or '1d'"),
        ("?" + "&".join(f"tag=T{i}" for i in range(10)), 400, "9 times, not 10"),
        ("?tag=A&from=yesterday", 400, "from 'yesterday' is not a time"),
        ("?tag=A&to=2026-02-28T09:00:00", 400, "to needs from or window"),
        (
            "?tag=A&window=5m&to=2026-02-30T09:00:00Z",
            400,
            "to '2026-02-30T09:00:00Z' is not a time",
        ),
        (
            "?tag=A&window=5m&from=2026-02-28T09:00:00Z&to=2026-02-28T18:00:00%2B09:00",
            400,
            "from must be before to",
        ),
        ("?tag=A&from=now-1h&to=now-2h", 400, "from 'now-1h' must be before to 'now-2h'"),
        ("?tag=A&tag=%00", 400, "tag '\\x00' holds a NUL character"),
        ("?tag=A&tag=NOPE", 404, "NOPE"),
        ("?tag=NOPE&window=12m&bucket=1m", 404, "NOPE"),
    ],
)
async def test_a_bad_request_is_reported_and_no_file(
    client: httpx.AsyncClient, query: str, status: int, says: str
) -> None:
    answer = await client.get(f"/api/v1/export.csv{query}")
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert "Content-Disposition" not in answer.headers


async def test_the_document_describes_a_file(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()
    operation = document["paths"]["/api/v1/export.csv"]["get"]
    assert list(operation["responses"]["200"]["content"]) == ["text/csv"]
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert names == [*("tag", "window", "from", "to", "kind", "bucket", "band"), "annotations"]


async def test_a_file_the_database_fails_does_not_look_whole(
    databases: TestDatabases,
    plant_db: Plant,
    client: httpx.AsyncClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The last of this module: its own connection does not outlive the database's absence."""
    async with client.stream("GET", LONG, headers=PLAIN) as answer:
        chunks = answer.aiter_raw()
        first = await anext(chunks)
        await databases.stop(plant_db.dsn)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await _rest(chunks)
    assert answer.status_code == 200
    assert first.startswith(b"\xef\xbb\xbftag_name")
    line = next(line for line in caplog.messages if line.startswith("export_broken"))
    assert line.endswith("why=DB_CONN")
    await databases.start(plant_db.dsn)

    async def back() -> bool:
        return (await client.get("/api/v1/export.csv?tag=A&window=24h")).status_code == 200

    await until(back)


async def _rest(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])
