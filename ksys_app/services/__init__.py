"""What pages and HTTP may ask for: values that rules have made of the answers of queries."""
