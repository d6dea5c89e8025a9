"""The demo plant of any size (PRD §13): up to 10,000 tags, on either database."""
