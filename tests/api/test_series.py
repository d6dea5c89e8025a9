"""A tag's series over HTTP (PRD §8.5, §22.1) on a real database."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from ksys_app.api import schemas
from ksys_app.api.stored_body import Body
from ksys_app.domain.windows import LABELS, parse_window
from ksys_app.queries import metrics
from ksys_app.services import runtime
from ksys_app.utils.cache import TTL
from tests import plant
from tests.conftest import Plant

ENDPOINTS = {
    "timeseries": schemas.Bucket,
    "indicators": schemas.Indicator,
    "features": schemas.Feature,
}
DRAWN = {
    "timeseries": "avg,min,max,last,first",
    "indicators": "avg,sma_10,sma_60,bb_top,bb_bot,slope_60",
}
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS)


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    """N is 25 hours of noise in every digit; D302 is configured and never reported."""
    now = await plant.clock(plant_db.conn)
    noise = Random(3)
    rows = [(now - timedelta(seconds=20 * i), "N", noise.gauss(100, 7)) for i in range(25 * 180)]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('D302')")


@pytest.fixture(scope="module")
async def now(plant_db: Plant, samples: None) -> datetime:
    """The database's clock, after the samples were written."""
    return await plant.clock(plant_db.conn)


async def get(http: httpx.AsyncClient, endpoint: str, **params: str) -> dict[str, Any]:
    answer = await http.get(f"/api/v1/{endpoint}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@each_endpoint
@pytest.mark.parametrize("label", LABELS)
async def test_rows_and_columns_have_the_same_values_in_every_window(
    http: httpx.AsyncClient, nothing_expires: None, endpoint: str, label: str
) -> None:
    names = list(ENDPOINTS[endpoint].model_fields)
    by_row = await get(http, endpoint, tag="N", window=label)
    by_column = await get(http, endpoint, tag="N", window=label, format="columns")
    rows, columns = by_row.pop("rows"), by_column.pop("columns")
    assert by_row == by_column
    assert list(columns) == names
    assert all(list(row) == [names[0], "tag_name", *names[1:]] for row in rows)
    assert {row["tag_name"] for row in rows} <= {"N"}
    times = [int(datetime.fromisoformat(row["bucket"]).timestamp() * 1000) for row in rows]
    assert columns["bucket"] == times
    assert times == sorted(set(times))
    for name in names[1:]:
        for row, value in zip(rows, columns[name], strict=True):
            assert (value is None) == (row[name] is None)
            assert value is None or value == pytest.approx(row[name], rel=1e-6)


@each_endpoint
async def test_the_head_has_tag_window_bucket_and_edges(
    http: httpx.AsyncClient, plant_db: Plant, endpoint: str
) -> None:
    now = (await plant.clock(plant_db.conn)).timestamp() * 1000
    head = await get(http, endpoint, tag="N", window="60m")
    rows = head.pop("rows")
    width = head["bucket_s"] * 1000
    assert (head["tag_name"], head["window"]) == ("N", "60m")
    wanted = ("5m", "features_5m") if endpoint == "features" else ("1m", "influx_agg_1m")
    assert (head["bucket"], head["view"]) == wanted
    assert head["from_ms"] % width == head["to_ms"] % width == 0
    times = [datetime.fromisoformat(row["bucket"]).timestamp() * 1000 for row in rows]
    assert times == [head["from_ms"] + i * width for i in range(len(rows))], "there is no hole"
    assert times[-1] < head["to_ms"]
    # Kept for at most a minute.
    assert now - 60_000 <= head["to_ms"] <= now + 60_000 + width
    assert rows[0]["bucket"].endswith("+09:00")


@each_endpoint
async def test_a_range_has_the_rows_of_the_window_that_it_is(
    http: httpx.AsyncClient, endpoint: str
) -> None:
    window = await get(http, endpoint, tag="N", window="12h")
    span = await get(http, endpoint, tag="N", **{"from": "now-12h"})
    assert span["window"] is None
    # One of the two answers may be some minutes older: its running bucket went on.
    found, wanted = ({row["bucket"]: row for row in one["rows"][:-2]} for one in (span, window))
    both = found.keys() & wanted.keys()
    assert len(both) >= len(span["rows"]) - 20
    # Two reads may add up the same samples in another order.
    for bucket in both:
        assert found[bucket] == pytest.approx(wanted[bucket])
    ends = [datetime.fromisoformat(span[name]) for name in ("from", "to")]
    assert ends[1] - ends[0] == pytest.approx(timedelta(hours=12), abs=timedelta(minutes=10))
    first = datetime.fromisoformat(span["rows"][0]["bucket"])
    assert first.timestamp() * 1000 == span["from_ms"] == ends[0].timestamp() * 1000


async def test_two_texts_of_one_range_that_is_over_are_one_answer(
    http: httpx.AsyncClient, plant_db: Plant, now: datetime, nothing_expires: None
) -> None:
    start, end = (now - timedelta(hours=h) for h in (9, 3))
    path = "/api/v1/timeseries"
    first = await http.get(
        path, params={"tag": "N", "from": start.isoformat(), "to": end.isoformat()}
    )
    statements = runtime.current().database.counters.statements
    seoul = [one.astimezone(plant_db.settings.zone) for one in (start, end)]
    local = [one.replace(tzinfo=None).isoformat(sep=" ") for one in seoul]
    again = await http.get(path, params={"tag": "N", "from": local[0], "to": local[1]})
    assert again.content == first.content
    assert runtime.current().database.counters.statements == statements
    rows = first.json()["rows"]
    assert len(rows) == 360
    assert first.json()["window"] is None
    assert TTL["past"] > TTL["metrics"]


async def test_samples_are_marked_as_such(http: httpx.AsyncClient, now: datetime) -> None:
    half_hour = f"from={plant.ago(now, minutes=40)}&to={plant.ago(now, minutes=10)}"
    path = f"/api/v1/timeseries?tag=N&{half_hour}&bucket=raw&format=columns"
    found = (await http.get(path)).json()
    assert (found["bucket"], found["view"], found["bucket_s"]) == ("raw", "influx_hist", 0)
    columns = found["columns"]
    assert len(columns["bucket"]) == 90, "one every 20 s"
    assert set(columns["n"]) == {1}
    assert columns["avg"] == columns["min"] == columns["max"] == columns["last"]


async def test_finer_buckets_of_a_window_are_a_range(
    http: httpx.AsyncClient, nothing_expires: None
) -> None:
    found = await get(http, "timeseries", tag="N", window="48h", bucket="1m")
    assert (found["bucket"], found["window"]) == ("1m", None)
    assert len(found["rows"]) >= 1499
    same = await get(http, "timeseries", tag="N", window="48h", bucket="10m")
    assert same == await get(http, "timeseries", tag="N", window="48h")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=yesterday", "from 'yesterday' is not a time; use 2026-11-03T22:00, now, now-6h"),
        ("from=now-1h&window=24h", "window and from cannot be given together; give one of them"),
        ("to=now-1h", "to needs from"),
        ("from=", "from '' is not a time"),
        ("from=now-1h&to=", "to '' is not a time"),
        ("from=now-1h&to=now-2h", "from 'now-1h' must be before to 'now-2h'"),
        ("from=2026-02-30", "from '2026-02-30' is not a time"),
        ("from=now-30d&bucket=1m", "bucket 1m is too fine for this range; the finest is 10m"),
        ("from=now-3h&bucket=raw", "bucket raw is too fine for this range; the finest is 1m"),
        ("window=12m&bucket=1h", None),
        ("window=12m&bucket=1m", "bucket 1m is too fine for this range; the finest is 1h"),
        ("from=now-1h&bucket=5m", "bucket should be 'raw', '1m', '10m', '1h' or '1d'"),
    ],
)
async def test_a_wrong_range_is_named(
    http: httpx.AsyncClient, query: str, says: str | None
) -> None:
    answer = await http.get(f"/api/v1/timeseries?tag=N&{query}")
    if says is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(says)


async def test_samples_are_of_one_tag(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/timeseries?from=now-1h&bucket=raw")
    assert answer.json()["error"]["message"] == "bucket=raw needs tag"


async def test_one_answer_feeds_page_and_chart(
    http: httpx.AsyncClient, nothing_expires: None
) -> None:
    columns = (await get(http, "timeseries", tag="N", window="12h", format="columns"))["columns"]
    answer = await metrics.buckets("N", parse_window("12h"))
    assert answer.cache_hit
    assert len(columns["bucket"]) == answer.rowcount
    assert columns["avg"] == pytest.approx([row.avg for row in answer.rows], rel=1e-6)


@pytest.mark.parametrize("band", ["plant", "bollinger"])
async def test_bands_are_two_deviations_about_their_centre(
    http: httpx.AsyncClient, band: str
) -> None:
    answer = await get(http, "indicators", tag="N", window="60m", band=band)
    assert answer["band"] == band
    for row in answer["rows"]:
        centre = row["avg" if band == "plant" else "sma_20"]
        assert row["bb_top"] == pytest.approx(centre + 2 * row["sd_20"])
        assert row["bb_bot"] == pytest.approx(centre - 2 * row["sd_20"])


async def test_columns_may_be_chosen(http: httpx.AsyncClient) -> None:
    for form in ("rows", "columns"):
        params = {"tag": "N", "window": "24h", "format": form, "columns": "max,avg"}
        found = (await get(http, "timeseries", **params))[form]
        assert list(found if form == "columns" else found[0]) == ["bucket", "avg", "max"]


@pytest.mark.parametrize("endpoint", DRAWN)
async def test_a_chart_of_noise_is_small(http: httpx.AsyncClient, endpoint: str) -> None:
    params = {"tag": "N", "window": "24h", "format": "columns", "columns": DRAWN[endpoint]}
    answer = await http.get(f"/api/v1/{endpoint}", params=params)
    assert len(answer.json()["columns"]["bucket"]) > 1400
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) <= 50_000


@each_endpoint
async def test_an_unchanged_answer_is_not_sent_again(
    http: httpx.AsyncClient, nothing_expires: None, endpoint: str
) -> None:
    path = f"/api/v1/{endpoint}?tag=N&window=12h&format=columns"
    first = await http.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    assert first.headers["Cache-Control"] == "no-cache"
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await http.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    assert (await http.get(path, headers={"If-None-Match": '"other"'})).content == first.content
    rows = await http.get(path.replace("columns", "rows"), headers={"If-None-Match": etag})
    assert rows.status_code == 200


async def test_a_stored_answer_is_sent_without_asking_the_database(
    http: httpx.AsyncClient, nothing_expires: None
) -> None:
    path = "/api/v1/timeseries?tag=N&window=10m&format=columns&columns=avg"
    first = await http.get(path)
    statements = runtime.current().database.counters.statements
    assert (await http.get(path)).content == first.content
    assert runtime.current().database.counters.statements == statements


async def test_the_charts_of_half_a_minute_look_for_new_rules_once(
    http: httpx.AsyncClient, nothing_expires: None
) -> None:
    path = "/api/v1/indicators?tag=N&band=bollinger&format=columns&window="
    await http.get(f"{path}48h")
    statements = runtime.current().database.counters.statements
    await http.get(f"{path}7d")
    assert runtime.current().database.counters.statements == statements + 1


async def test_a_new_sample_changes_the_etag(
    http: httpx.AsyncClient, plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksys_app.db.TTL", TTL | {"metrics": 0.0})
    path = "/api/v1/timeseries?tag=etag&window=12m"
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "etag", 1.0)])
    first = await http.get(path)
    same = await http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304, "read again from the database, and nothing has changed"
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "etag", 2.0)])
    other = await http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    assert other.json()["rows"][-1]["last"] == 2.0


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
async def test_a_client_without_gzip_gets_plain_json_with_another_etag(
    http: httpx.AsyncClient, nothing_expires: None, accepted: str
) -> None:
    path = "/api/v1/timeseries?tag=N&window=60m"
    packed = await http.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    plain = await http.get(path, headers={"Accept-Encoding": accepted})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


async def test_the_results_of_an_answer_are_cached_with_it_and_bounded(
    http: httpx.AsyncClient, nothing_expires: None
) -> None:
    for name in list(schemas.Bucket.model_fields)[1:]:
        params = {"tag": "N", "window": "12h", "columns": name}
        assert list((await get(http, "timeseries", **params))["rows"][0]) == ["bucket", name]
    answer = await metrics.buckets("N", parse_window("12h"))
    assert 1 <= len(answer.results) <= 4
    for packed in answer.results.of(Body).values():
        assert orjson.loads(packed.plain)["window"] == "12h"


@each_endpoint
@pytest.mark.parametrize("form", ["rows", "columns"])
async def test_a_tag_without_data_has_no_rows(
    http: httpx.AsyncClient, endpoint: str, form: str
) -> None:
    answer = await get(http, endpoint, tag="D302", window="24h", format=form)
    assert answer["from_ms"] < answer["to_ms"]
    empty: list[Any] = []
    wanted = dict.fromkeys(ENDPOINTS[endpoint].model_fields, empty) if form == "columns" else empty
    assert answer[form] == wanted


@each_endpoint
async def test_without_a_tag_the_rows_are_those_of_all(
    http: httpx.AsyncClient, plant_db: Plant, endpoint: str
) -> None:
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=30 * n), "OTHER", 100.0 + n % 7) for n in range(240)]
    await plant.insert(plant_db.conn, rows)
    answer = await get(http, endpoint, window="60m")
    assert (answer["tag_name"], answer["truncated"], answer["limit"]) == (None, False, 10_000)
    order = [(datetime.fromisoformat(row["bucket"]), row["tag_name"]) for row in answer["rows"]]
    assert order == sorted(order)
    for tag in ("N", "OTHER"):
        alone = await get(http, endpoint, tag=tag, window="60m")
        assert alone["rows"]
        found = {row["bucket"]: row for row in answer["rows"] if row["tag_name"] == tag}
        # One of the two may be from the cache, a minute old: the current bucket has changed since.
        both = [row for row in alone["rows"][:-2] if row["bucket"] in found]
        assert len(both) >= len(alone["rows"]) - 4
        for row in both:
            assert found[row["bucket"]] == pytest.approx(row)


async def test_all_tags_are_cut_to_the_newest_rows_and_marked_as_truncated(
    http: httpx.AsyncClient, plant_db: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    await plant_db.conn.execute(
        "INSERT INTO influx_hist (ts, tag_name, value)"
        " SELECT now() - i * interval '1 minute', 'many ' || t, i"
        " FROM generate_series(0, 600) AS i, generate_series(1, 20) AS t"
    )
    answer = await get(http, "timeseries", window="24h", columns="tag_name,last")
    assert answer["truncated"] is True
    assert len(answer["rows"]) == 10_000
    assert [row["last"] for row in answer["rows"] if row["tag_name"] == "many 7"][-1] == 0
    (line,) = _bloated(caplog)
    assert "view=influx_agg_1m rowcount=10000" in line


@each_endpoint
@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ("?format=columns", 400, "BAD_PARAMETER", "format=columns needs tag"),
        ("?tag=N&window=3x", 400, "BAD_PARAMETER", "1m 5m 10m 60m"),
        ("?tag=N&format=xml", 400, "BAD_PARAMETER", "'rows' or 'columns'"),
        ("?tag=N&columns=tag", 400, "BAD_PARAMETER", "columns must be of bucket "),
        ("?tag=N&columns=avg,,n", 400, "BAD_PARAMETER", "separated by commas"),
        ("?tag=N&bucket=2h", 400, "BAD_PARAMETER", "bucket"),
        ("?tag=NOPE", 404, "UNKNOWN_TAG", "NOPE"),
    ],
)
async def test_a_bad_request_is_explained_in_one_sentence(
    http: httpx.AsyncClient, endpoint: str, query: str, status: int, code: str, says: str
) -> None:
    answer = await http.get(f"/api/v1/{endpoint}{query}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert says in error["message"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_band_is_one_of_two(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/indicators?tag=N&band=keltner")
    assert answer.status_code == 400
    assert "band should be 'plant' or 'bollinger'" in answer.json()["error"]["message"]


@each_endpoint
@pytest.mark.parametrize("name", ["50 %", "it's", "a/b", "유량 계", "가" * 200, "a&b=c", "=1+1"])
async def test_any_printable_tag_name_works(
    http: httpx.AsyncClient, plant_db: Plant, endpoint: str, name: str
) -> None:
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), name, 1.5)])
    answer = await get(http, endpoint, tag=name, window="24h")
    assert answer["tag_name"] == name
    assert answer["rows"]


@each_endpoint
async def test_a_refused_value_leaves_its_bucket_to_the_usable_ones(
    http: httpx.AsyncClient, plant_db: Plant, endpoint: str
) -> None:
    now = (await plant.clock(plant_db.conn)).replace(second=30, microsecond=0) - timedelta(
        minutes=1
    )
    values = [4.0, float("nan"), 6.0, 2e200]
    rows = [
        (now + timedelta(seconds=n), f"nan {endpoint}", value) for n, value in enumerate(values)
    ]
    await plant.insert(plant_db.conn, rows)
    name = "mean_5m" if endpoint == "features" else "avg"
    by_row = await get(http, endpoint, tag=f"nan {endpoint}", window="24h")
    by_column = await get(http, endpoint, tag=f"nan {endpoint}", window="24h", format="columns")
    assert [row[name] for row in by_row["rows"]] == by_column["columns"][name] == [5.0]


async def test_features_of_a_long_window_are_the_newest_and_marked_as_truncated(
    http: httpx.AsyncClient, plant_db: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    await plant_db.conn.execute(
        "INSERT INTO influx_hist (ts, tag_name, value)"
        " SELECT now() - i * interval '5 minutes', 'long', i FROM generate_series(0, 10100) AS i"
    )
    month = await get(http, "features", tag="long", window="30d", format="columns")
    assert (month["truncated"], month["limit"]) == (False, 10_000)
    assert 8639 <= len(month["columns"]["bucket"]) <= 8641
    assert not _bloated(caplog)
    year = await get(http, "features", tag="long", window="12m", format="columns")
    again = await get(http, "features", tag="long", window="12m")
    assert year["truncated"] is again["truncated"] is True
    assert len(year["columns"]["bucket"]) == 10_000
    assert year["columns"]["min_5m"][-1] == 0
    (line,) = _bloated(caplog)
    assert "range=12m tag=long view=features_5m rowcount=10000" in line


def _bloated(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if line.startswith("payload_bloat ")]


async def test_the_documents_describe_the_shapes(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/v1/openapi.json")).json()
    page = (await http.get("/api/v1/docs")).text
    for endpoint, shape in ENDPOINTS.items():
        operation = document["paths"][f"/api/v1/{endpoint}"]["get"]
        models = operation["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
        # Those of one tag, not compared, come first.
        for model, layout in zip(models[:2], ("rows", "columns"), strict=True):
            answer = await get(http, endpoint, tag="N", format=layout)
            name = model["$ref"].rsplit("/", 1)[-1]
            fields = document["components"]["schemas"][name]["properties"]
            assert set(answer) | {"stale", "stale_s", "from", "to"} == set(fields)
            assert shape.__name__ in str(fields[layout])
        assert "304" in operation["responses"]
    assert "An object with <code>tag_name</code>" in page
    assert "<code>bollinger</code>" in page
