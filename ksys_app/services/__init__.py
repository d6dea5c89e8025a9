"""What pages and HTTP may request: values computed by rules from the rows of queries."""
