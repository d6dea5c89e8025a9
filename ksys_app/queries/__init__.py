"""The SELECT statements. Each has a constant and a function, and limits of rows and time.

Values are parameters. The statements read only views and small tables (PRD decision 7). The clock
is the database's ``now()``.
"""
