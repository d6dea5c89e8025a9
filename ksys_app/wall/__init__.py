"""The wall: who may ask for what, in front of pages, HTTP and websockets (PRD §31.5)."""
