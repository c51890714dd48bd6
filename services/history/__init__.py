"""The history: every snapshot kept as Parquet, and what is usual learnt from it.

``python -m services.history --help`` tells the commands. Where files lie:
``services.history.layout``. Nothing is imported here, so that whoever needs one
module need not wait for the pandas of another.
"""
