"""SQL: one constant and one function a statement, parameterized, bounded in rows and time.

Only views and small tables are read (PRD decision 7). The clock is the database's ``now()``.
"""
