"""``make bench``: measures the product against its bare SQL, and its screens, in one report."""
