"""``ksys db verify`` and ``ksys db status``: the checks and the meaning of their results."""
