"""Checks the messages that a browser sends over its websocket (PRD §10).

The gate reads each message. It passes valid content on to the page framework, and it counts and
logs each message that it refuses.
"""
