"""Rules and expectations: CSV files, tables, message rates and suggestions."""
