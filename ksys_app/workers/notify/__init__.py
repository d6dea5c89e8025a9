"""Messages about alarms: the file of routes, and who sends what the outbox holds (PRD §32.10)."""
