"""``ksys db verify`` and ``ksys db status``: the checks, what they find, how it is judged."""
