"""The services for pages and HTTP: they apply the rules to the rows of queries."""
