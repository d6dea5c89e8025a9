"""The demo plant (PRD §13): nine tags, their signals and faults, history, live feed, replay."""
