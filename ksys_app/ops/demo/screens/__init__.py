"""Websocket clients that follow ``/`` as browsers do, for ``--screens`` and the bench."""
