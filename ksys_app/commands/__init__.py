"""The groups of the ``ksys`` command; each command is a thin layer over ``ops``."""
