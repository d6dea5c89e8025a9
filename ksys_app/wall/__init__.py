"""The wall: access control in front of pages, HTTP and websockets (PRD §31.5)."""
