-- Failures of an address have limits of their own, so three functions have more arguments.
DROP FUNCTION IF EXISTS ksys.attempt(text, text, double precision[], interval);
DROP FUNCTION IF EXISTS ksys.failed(text, text, text, text, integer);
DROP FUNCTION IF EXISTS ksys.start_session(
  bytea, text, text, text, text, text, text, bytea, interval, interval);
