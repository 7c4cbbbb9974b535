"""The embedded default: real PostgreSQL and a real Redis-compatible server as child processes, and who watches them.

Nothing in here is needed in production; nothing outside `app.cli`, tests and benchmarks imports it.
"""
