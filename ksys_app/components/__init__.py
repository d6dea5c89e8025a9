"""What pages are made of; values and handlers come in as arguments."""
