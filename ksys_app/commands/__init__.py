"""The groups of the ``ksys`` command; each command is a few lines over ``ops``."""
