"""What a browser may say over its websocket; the page framework does not see the rest (PRD §10).

This is the one place for it: the gate reads each message, passes on what it has understood, and
counts and logs what it refuses.
"""
