-- Refused samples of the last day by tag and reason, most rows first.
SELECT tag_name, left(reason, 40) AS reason, source, count(*) AS rows,
       (array_agg(ts::text ORDER BY received_at DESC, ts DESC))[1] AS ts,
       (array_agg(value ORDER BY received_at DESC, ts DESC))[1] AS value
FROM public.ingest_reject
WHERE received_at BETWEEN now() - interval '1 day' AND now()
GROUP BY 1, 2, source
ORDER BY count(*) DESC, 1, 2, source
LIMIT 1000;
