"""The work of the `ksys` command: one folder for each kind of work, and shared modules."""
