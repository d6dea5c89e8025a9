"""Relations of tags: pairs, correlation, distribution, and hours of the week (PRD §33.8)."""
