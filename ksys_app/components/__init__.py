"""The components of pages. Values and event handlers are arguments."""
