"""Rules and expectations: CSV files, the tables behind them, rates and suggestions."""
