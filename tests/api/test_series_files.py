"""Files of series over HTTP (PRD §33.11), each read by pandas and compared with other answers."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import unquote

import httpx
import pandas as pd
import pytest
from starlette.types import Message

from ksys_app.api import series_files
from ksys_app.services import files, runtime
from tests import plant
from tests.conftest import Plant
from tests.visiting import at_machine, contract_api
from tests.waiting import HANGS_S

TAGS = ("A", "B", "=C 1")
LONG = "/api/v1/series.{}?tag=A&tag=B&from=now-6d&bucket=1m"
FIGURES = ["n", "avg", "min", "max", "last"]


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> dict[str, list[plant.Sample]]:
    """Six days of each tag with holes."""
    now = await plant.clock(plant_db.conn)
    noise, rows_of = Random(8), {}
    for at, tag in enumerate(TAGS):
        ages = [n for n in range(0, 6 * 86_400, 60 + 20 * at) if n // 3600 % (5 + at)]
        rows_of[tag] = [(now - timedelta(seconds=n + 1), tag, noise.gauss(0, 7)) for n in ages]
        await plant.insert(plant_db.conn, rows_of[tag])
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, enabled, meta)"
        """ VALUES ('A', 0, 200, true, '{"unit": "m³/h", "title": "유량"}')"""
    )
    return rows_of


@pytest.fixture(scope="module")
async def now(plant_db: Plant, samples: dict[str, list[plant.Sample]]) -> datetime:
    """The database's clock, after the samples were written."""
    return await plant.clock(plant_db.conn)


@pytest.fixture(scope="module")
def past(now: datetime) -> str:
    """A range of 28 hours that is over, in buckets of ten minutes."""
    return f"from={plant.ago(now, hours=30)}&to={plant.ago(now, hours=2)}&bucket=10m"


async def table(http: httpx.AsyncClient, kind: str, query: str) -> pd.DataFrame:
    answer = await http.get(f"/api/v1/series.{kind}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    body = io.BytesIO(answer.content)
    if kind == "parquet":
        return pd.read_parquet(body)
    frame = pd.read_excel(body) if kind == "xlsx" else pd.read_csv(body)
    zone = runtime.current().zone.key
    for name in {"bucket", "other"} & set(frame):
        if kind == "xlsx":
            frame[name] = frame[name].dt.tz_localize(zone)
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame.drop(columns="utc_offset", errors="ignore")


async def shown(http: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    answer = await http.get(f"/api/v1/timeseries?{query}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found.get("series", [found])  # type: ignore[no-any-return]


def frame_of(rows: list[dict[str, Any]], names: list[str]) -> pd.DataFrame:
    """Rows of the API by time."""
    frame = pd.DataFrame(rows, columns=["bucket", *names])
    frame["bucket"] = pd.to_datetime(frame["bucket"], utc=True, format="ISO8601")
    return frame.set_index("bucket")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_a_file_has_what_the_page_shows(
    http: httpx.AsyncClient, past: str, kind: str
) -> None:
    query = "tag=A&tag=B&" + past
    series = await shown(http, query)
    wide = await table(http, kind, f"{query}&fields={','.join(FIGURES)}")
    wanted = pd.concat(
        [
            frame_of(one["rows"], FIGURES).rename(columns=lambda n, t=one["tag_name"]: f"{t} {n}")
            for one in series
        ],
        axis=1,
        sort=True,
    )
    assert list(wide.columns) == ["bucket", *wanted.columns]
    pd.testing.assert_frame_equal(
        wide.set_index("bucket").astype(float),
        wanted.astype(float),
        check_index_type=False,
        check_freq=False,
    )
    long = await table(http, kind, f"{query}&layout=rows&fields={','.join(FIGURES)}")
    assert list(long.columns) == ["tag_name", "bucket", *FIGURES]
    for one in series:
        mine = long[long["tag_name"] == one["tag_name"]].drop(columns="tag_name")
        pd.testing.assert_frame_equal(
            mine.set_index("bucket").astype(float),
            frame_of(one["rows"], FIGURES).astype(float),
            check_index_type=False,
        )


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_the_compared_time_is_beside_the_rows(
    http: httpx.AsyncClient, past: str, kind: str, layout: str
) -> None:
    query = f"tag=A&tag=B&{past}&compare=yesterday"
    series = await shown(http, query)
    found = await table(http, kind, f"{query}&layout={layout}&fields=avg")
    for one in series:
        if layout == "columns":
            own, other = f"{one['tag_name']} avg", f"{one['tag_name']} other_avg"
            mine = found
        else:
            own, other = "avg", "other_avg"
            mine = found[found["tag_name"] == one["tag_name"]]
        mine = mine.set_index("bucket")
        pd.testing.assert_series_equal(
            mine[own].dropna(),
            frame_of(one["rows"], ["avg"])["avg"],
            check_names=False,
            check_index_type=False,
        )
        wanted = frame_of(one["compare"]["rows"], ["avg", "other"])
        got = mine[other].dropna()
        pd.testing.assert_series_equal(
            got, wanted["avg"], check_names=False, check_index_type=False
        )
        times = pd.to_datetime(wanted["other"], utc=True, format="ISO8601")
        assert (mine.loc[got.index, "other"] == times).all()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("layout", ["columns", "rows"])
async def test_a_long_file_is_read_in_slices_without_a_seam(
    http: httpx.AsyncClient,
    now: datetime,
    kind: str,
    layout: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = f"from={plant.ago(now, days=6)}&to={plant.ago(now, days=1)}"
    query = f"tag=A&tag=B&{days}&bucket=1m&fields=n,avg&layout={layout}"
    complete = await table(http, "csv", query)
    monkeypatch.setattr(files, "MOST_BUCKETS", 100)
    monkeypatch.setattr(files, "SLICE_ROWS", 700)
    pd.testing.assert_frame_equal(await table(http, kind, query), complete, check_dtype=False)
    assert len(complete) > 5000


async def test_a_calculated_tag_has_a_file_in_the_buckets_of_the_page(
    http: httpx.AsyncClient, plant_db: Plant, past: str
) -> None:
    await plant_db.conn.execute(
        "INSERT INTO expression (name, text, unit, decimals, version, author)"
        " VALUES ('SUM', 'A + B', '', NULL, 1, 'ann') ON CONFLICT DO NOTHING"
    )
    query = f"tag=A&tag=SUM&tag=B&{past}&fields=avg,min"
    found = await table(http, "parquet", query)
    wanted = found["A avg"] + found["B avg"]
    pd.testing.assert_series_equal(found["SUM avg"], wanted, check_names=False)
    assert found["SUM min"].isna().all(), "it does not follow from those of the tags"
    answer = await http.get("/api/v1/series.csv?tag=SUM&window=3m&bucket=1m")
    assert (answer.status_code, answer.json()["error"]["key"]) == (413, "errors.bucket_fine")


@pytest.mark.parametrize("layout", ["columns", "rows"])
async def test_samples_are_all_there(
    http: httpx.AsyncClient,
    samples: dict[str, list[plant.Sample]],
    layout: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "SLICE_ROWS", 333)
    query = "tag=A&tag=B&tag=%3DC%201&from=now-2d&bucket=raw&fields=last&layout=" + layout
    found = await table(http, "parquet", query)
    start = found["bucket"].min()
    assert found["bucket"].is_monotonic_increasing or layout == "rows"
    for tag in TAGS:
        mine = found[found["tag_name"] == tag]["last"] if layout == "rows" else found[f"{tag} last"]
        wanted = [value for ts, _, value in sorted(samples[tag]) if ts >= start]
        assert mine.dropna().tolist() == wanted


async def test_the_name_of_a_file_and_of_a_tag_are_safe(http: httpx.AsyncClient, past: str) -> None:
    answer = await http.get(f"/api/v1/series.csv?tag=%3DC%201&{past}&fields=avg")
    assert answer.content.startswith("\ufeffbucket,'=C 1 avg\r\n".encode())
    named = unquote(answer.headers["Content-Disposition"].partition("UTF-8''")[2])
    assert named.startswith("=C 1 10m from 2")
    assert named.endswith(".csv")


Change = Callable[[pytest.MonkeyPatch], None]


def _no_change(_monkeypatch: pytest.MonkeyPatch) -> None: ...


def _small(name: str, value: int, where: Any = series_files) -> Change:
    return lambda monkeypatch: monkeypatch.setattr(where, name, value)


@pytest.mark.parametrize(
    ("path", "status", "says", "change"),
    [
        ("csv?tag=A&fields=avg,odd", 400, "fields must be of n avg sum", _no_change),
        ("csv?tag=A&window=5x", 400, "1m 5m", _no_change),
        ("csv?window=24h", 400, "parameter 'tag' is needed", _no_change),
        ("csv?tag=A&window=12m&bucket=1m&compare=previous", 413, "the finest is 1h", _no_change),
        ("parquet?tag=NOPE", 404, "NOPE", _no_change),
        ("csv?tag=A&from=now-10y%2Fd&bucket=1m", 413, "5,000,000 are the most", _no_change),
        (
            "csv?tag=A&from=now-2d&bucket=raw",
            413,
            "1,000 are the most",
            _small("MOST_ROWS", 1000, files),
        ),
        ("xlsx?tag=A&from=now-5y&bucket=1m", 413, "at most 1,048,575 lines", _no_change),
        ("xlsx?tag=A&tag=B&from=now-1y&bucket=1m", 413, "at most 3,000,000 cells", _no_change),
        (
            "csv?tag=A&from=now-2h&bucket=raw&compare=previous",
            413,
            "20 are the most",
            _small("MAX_ROWS", 20, files),
        ),
        (
            "csv?tag=A",
            429,
            "0 files are being made",
            lambda monkeypatch: (
                monkeypatch.setattr(series_files, "_open", asyncio.Semaphore(0))
                or monkeypatch.setattr(series_files, "MOST_OPEN", 0)
            ),
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_an_impossible_file_is_an_error_with_its_reason(
    http: httpx.AsyncClient,
    path: str,
    status: int,
    says: str,
    change: Change,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(monkeypatch)
    answer = await http.get(f"/api/v1/series.{path}")
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]["message"]


async def ask(path: str, receive: Any, send: Any) -> None:
    """A request whose client takes the answer as ``send`` does."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("ksys", 80),
        "client": ("::1", 1),
    }
    await at_machine(contract_api())(scope, receive, send)


async def forever(*_: object) -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_a_client_that_leaves_ends_the_reading_and_frees_its_place(
    kind: str, monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(files, "MOST_BUCKETS", 100)
    monkeypatch.setattr(files, "SLICE_ROWS", 100)
    counters = runtime.current().database.counters
    before = counters.statements
    started = asyncio.Event()

    async def receive() -> Message:
        await started.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            started.set()

    await ask(LONG.format(kind), receive, send)
    assert series_files._open._value == series_files.MOST_OPEN
    assert counters.statements - before < 6 * 1440 / 100
    for thread in threading.enumerate():
        if thread.name == "parquet":
            thread.join()


async def test_only_four_files_are_written_at_a_time(past: str) -> None:
    statuses: list[int] = []
    answered = asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            if len(statuses) == 10:
                answered.set()
            await answered.wait()

    async with asyncio.timeout(HANGS_S), asyncio.TaskGroup() as clients:
        for _ in range(10):
            clients.create_task(ask(f"/api/v1/series.csv?tag=A&{past}", forever, send))
    assert sorted(statuses) == [200] * 4 + [429] * 6
    assert series_files._open._value == series_files.MOST_OPEN


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_a_file_is_written_in_threads_that_nothing_else_needs(
    http: httpx.AsyncClient, past: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    writer_of = series_files.writer_of

    def watched(*about: Any) -> Any:
        writer = writer_of(*about)
        feed, end = writer.feed, writer.end

        def watched_feed(part: Any) -> bytes:
            threads.add(threading.current_thread().name)
            return feed(part)

        def watched_end() -> Iterator[bytes]:
            threads.add(threading.current_thread().name)
            yield from end()

        monkeypatch.setattr(writer, "feed", watched_feed)
        monkeypatch.setattr(writer, "end", watched_end)
        return writer

    monkeypatch.setattr(series_files, "writer_of", watched)
    await table(http, kind, "tag=A&" + past)
    assert {name.partition("_")[0] for name in threads} == {"file"}


async def test_a_file_that_cannot_be_read_frees_its_place(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 20)
    answer = await http.get("/api/v1/series.csv?tag=A&from=now-2h&bucket=raw&compare=previous")
    assert answer.status_code == 413
    assert series_files._open._value == series_files.MOST_OPEN


async def test_a_client_that_takes_nothing_is_gone(
    past: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ksys")
    monkeypatch.setattr(series_files, "STALL_S", 0.0)
    await ask(f"/api/v1/series.csv?tag=A&{past}", forever, forever)
    (line,) = [line for line in caplog.messages if line.startswith("export_broken")]
    assert line.endswith("why=closed")
    assert series_files._open._value == series_files.MOST_OPEN
