"""Programs that run beside the app: each is a loop over a clock, the database and a stop event."""
