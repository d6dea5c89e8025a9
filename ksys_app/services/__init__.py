"""What an interface may ask for: values, made by the rules from what the queries answer."""
