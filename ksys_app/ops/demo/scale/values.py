"""The samples of the plant, computed by the database: a pure function of the tag and the second."""

from __future__ import annotations

from typing import Final

# A tag moves around its base in two waves, with noise. A fault moves it away for 80 of 90 minutes,
# each tag at its own time. While a value does not change, the time of its waves stands still.
SOURCE: Final = """(
SELECT to_timestamp(s) AS ts, tag_name,
       round(steps * (base + span * (
         (1 - 0.9 * away) * (0.7 * sin(at * 6.2832 / period + number)
                             + 0.2 * sin(at * 0.86 / period + 0.7 * number))
         + 0.04 * (hashint8(at * 16384 + number) / 2147483648.0::float8)
         + reach * away))) / steps AS value
FROM (
  SELECT s, t.*,
         CASE WHEN unchanged AND mod(s + 997 * number, 7200) < 4800
              THEN s - mod(s + 997 * number, 7200) ELSE s END AS at,
         CASE WHEN reach = 0 THEN 0.0::float8
              ELSE greatest(0, least(1, mod(s + 997 * number, 5400) / 300.0::float8,
                                     (5100 - mod(s + 997 * number, 5400)) / 300.0::float8))
         END AS away
  FROM ksys_demo.plant
  CROSS JOIN generate_series((%(start)s::bigint + every_s - 1) / every_s * every_s,
                             %(end)s::bigint - 1, every_s) AS s
  CROSS JOIN ksys_demo.tag AS t
  WHERE NOT (silent AND mod(s + 997 * number, 14400) < 5400)
    AND (loss = 0 OR mod(abs(hashint8(s * 16384 + number)::bigint), 1000) >= loss)
  OFFSET 0
) AS moment
) AS samples"""
