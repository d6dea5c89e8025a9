"""The demo plant: nine tags, their signals and faults, their history, a live feed, a replay."""
