"""``ksys demo``: the embedded database, a plant, and the app."""
