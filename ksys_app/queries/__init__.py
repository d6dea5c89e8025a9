"""The SELECT statements: each has one constant and one function, and limits on rows and time.

Values are parameters. The statements read only views and small tables (PRD decision 7). The clock
is the database's ``now()``.
"""
