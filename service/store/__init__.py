"""
The database: tables, statements and migrations for SQLite and PostgreSQL.

No decision about what is stored belongs here; it implements the ports of `core` and `publishing`.
"""
