-- Extensions the schema uses.
SELECT extname AS name, extversion AS version
FROM pg_extension
WHERE extname IN ('timescaledb', 'timescaledb_toolkit')
ORDER BY 1;
