"""The operations database: decisions about models, how right they were, incidents, unusual events.

SQLite in the data directory, or PostgreSQL by URL. The worker and the commands
write, pages only read.
"""
