"""Samples from files, dumps, and bringing a database back from them."""
