"""Messages about alarms: the routes file, and the program that sends the outbox (PRD §32.10)."""
