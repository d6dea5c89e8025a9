"""Check the messages that a browser sends over its websocket (PRD §10).

The gate reads each message. It passes valid messages to the page framework. It counts and logs the
messages that it refuses.
"""
